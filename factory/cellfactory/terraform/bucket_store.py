"""Texts in objects of an S3 bucket, which S3 itself changes on a condition.

`If-None-Match: *` takes `s3:PutObject`; `If-Match` takes `s3:GetObject` beside `s3:PutObject` or
`s3:DeleteObject`. A condition that does not hold is a 412; an object that a delete has overtaken a
404; a request that was overtaken by another one a 409, which is to be sent again.

Source:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-deletes.html
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

from cellfactory.credentials import asking_aws
from cellfactory.terraform.store import Kept, is_record

_OVERTAKEN = ("409", "ConditionalRequestConflict")
_UNMET = ("412", "PreconditionFailed", "404", "NoSuchKey")
_TRIES = 8  # of a request that others overtake
_PAUSE_SECONDS = 0.1  # before the second one; twice as long before each further one


class BucketStore:
    """Texts in objects of an S3 bucket."""

    def __init__(
        self,
        connect: Callable[[], Any],
        bucket: str,
        prefix: str,
        kms_key: str | None = None,
        what: str = "the outputs registry",
    ) -> None:
        """Take what makes the client: settings that are wrong are found when it is made."""
        self._what = what
        self._connect = connect
        self._client: Any = None
        self.bucket = bucket
        self.prefix = prefix.strip("/")
        self._encryption = (
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": kms_key} if kms_key else {}
        )

    def read(self, key: str) -> str | None:
        """Return the text of a key; None when there is none."""
        found = self.look(key)
        return None if found is None else found.text

    def look(self, key: str) -> Kept | None:
        """Return the text of a key with its mark and age; None when there is none."""
        found: Kept | None = self._ask(_object, Key=self._full(key))
        return found

    def write(self, key: str, text: str) -> None:
        """Put a whole text in the place of a key."""
        self._put(key, text)

    def create(self, key: str, text: str) -> str | None:
        """Put a text down where there is none; its mark, or None where there is one."""
        return self._put(key, text, IfNoneMatch="*") or self._mark_of(key, text)

    def replace_if(self, key: str, text: str, mark: str) -> str | None:
        """Put a text in the place of a marked one; its mark, or None where that is gone."""
        return self._put(key, text, IfMatch=mark) or self._mark_of(key, text)

    def delete_if(self, key: str, mark: str) -> bool:
        """Remove a marked text; False where it is gone, or another one by now."""
        done = self._ask(_on_condition("delete_object"), Key=self._full(key), IfMatch=mark)
        return done is not None

    def remove(self, key: str) -> None:
        """Remove a key; nothing happens when there is none."""
        self._ask(_call("delete_object"), Key=self._full(key))

    def names(self) -> Iterable[str]:
        """List the key of every record: those of three parts that end with `.json`."""
        return [key for key in self.below("") if is_record(key)]

    def below(self, prefix: str) -> Iterable[str]:
        """List every key that begins with a prefix, which ends with `/`, sorted."""
        return sorted(row["Key"] for page in self._pages(prefix) for row in page["Contents"])

    def folders(self, prefix: str) -> Iterable[str]:
        """List the next part of all keys that begin with a prefix and go deeper, sorted."""
        pages = self._pages(prefix, Delimiter="/")
        found = (row["Prefix"] for page in pages for row in page["CommonPrefixes"])
        return sorted(name.removeprefix(prefix).strip("/") for name in found)

    def place(self, key: str) -> str:
        """Say where a key lies, for people."""
        return f"s3://{self.bucket}/{self._full(key)}"

    def _put(self, key: str, text: str, **condition: str) -> str | None:
        put = self._ask(
            _on_condition("put_object") if condition else _call("put_object"),
            Key=self._full(key),
            Body=text.encode("utf-8"),
            ContentType="application/json",
            **condition,
            **self._encryption,
        )
        return None if put is None else str(put["ETag"])

    def _mark_of(self, key: str, text: str) -> str | None:
        """The mark of a text that lies there although S3 refused it.

        A request whose answer was lost is sent again by AWS's own library, and finds itself.
        """
        found = self.look(key)
        return found.mark if found is not None and found.text == text else None

    def _pages(self, prefix: str, **asked: str) -> Iterator[dict[str, list[dict[str, str]]]]:
        """Yield a listing, its keys as they are here."""
        start = self._full("")
        token: dict[str, str] = {}
        while True:
            page = self._ask(_list_page, Prefix=start + prefix, **asked, **token)
            yield {
                part: [{name: row[name].removeprefix(start)} for row in page.get(part, ())]
                for part, name in (("Contents", "Key"), ("CommonPrefixes", "Prefix"))
            }
            if not page.get("IsTruncated"):
                return
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def _full(self, key: str) -> str:
        return f"{self.prefix}/{key}" if self.prefix else key

    def _ask(self, call: Callable[..., Any], **parameters: Any) -> Any:
        """Call S3; what it refuses is the user's to mend, so it becomes a sentence."""
        with asking_aws("F605", f"{self._what} s3://{self.bucket}/{self.prefix}"):
            if self._client is None:
                self._client = self._connect()
            return call(self._client, Bucket=self.bucket, **parameters)


def _call(operation: str) -> Callable[..., Any]:
    return lambda client, **parameters: getattr(client, operation)(**parameters)


def _on_condition(operation: str) -> Callable[..., Any]:
    """Call S3 on a condition; None where it does not hold."""

    def call(client: Any, **parameters: Any) -> Any:
        from botocore.exceptions import ClientError

        pause = _PAUSE_SECONDS
        for left in reversed(range(_TRIES)):
            try:
                return getattr(client, operation)(**parameters)
            except ClientError as error:
                code = str(error.response.get("Error", {}).get("Code"))
                if code in _UNMET:
                    return None
                if code not in _OVERTAKEN or not left:
                    raise
            time.sleep(pause)
            pause *= 2
        return None

    return call


def _list_page(client: Any, **parameters: Any) -> Any:
    """A page of a listing; an answer without the bucket's name is none of S3's, and not empty.

    Raises:
        LookupError: when it is none.
    """
    page = client.list_objects_v2(**parameters)
    if "Name" not in page:
        msg = "the answer to a listing is none of S3's"
        raise LookupError(msg)
    return page


def _object(client: Any, **parameters: Any) -> Kept | None:
    """An object; None when there is none."""
    try:
        answer = client.get_object(**parameters)
    except client.exceptions.NoSuchKey:
        return None
    body: bytes = answer["Body"].read()
    changed: datetime = answer["LastModified"]
    asked = answer["ResponseMetadata"]["HTTPHeaders"].get("date")
    age = (parsedate_to_datetime(asked) - changed).total_seconds() if asked else 0.0
    return Kept(text=body.decode("utf-8"), mark=str(answer["ETag"]), age_seconds=max(0.0, age))
