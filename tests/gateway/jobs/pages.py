"""A Spark job that fills every page of the UI, then waits until it is told to end.

It is run by Python with PySpark, in a process of its own: `pages.py <file that ends it>`.
"""

import sys
import time
from pathlib import Path

from pyspark.sql import SparkSession
from pyspark.sql.functions import col


def main(end: Path) -> None:
    """Cache, shuffle, query, stream, and wait."""
    spark = SparkSession.builder.getOrCreate()
    numbers = spark.range(20_000).withColumn("key", col("id") % 7).cache()
    numbers.groupBy("key").count().collect()
    numbers.createOrReplaceTempView("numbers")
    spark.sql("select key, sum(id) from numbers group by key order by key").collect()
    spark.sparkContext.parallelize(range(100), 4).map(lambda x: (x % 3, x)).cache().count()
    stream = (
        spark.readStream.format("rate").load().writeStream.format("noop").queryName("ticks").start()
    )
    end.with_suffix(".ready").touch()
    while not end.exists():
        time.sleep(0.1)
    stream.stop()
    spark.stop()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
