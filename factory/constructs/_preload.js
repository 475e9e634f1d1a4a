// Loaded into Node before the bindings. Each token that the core of the CDK makes captures a full
// stack trace, a third of its time, and nothing of it reaches the output: answer with none.
//
// A terminal sends Ctrl-C to every process in front, this one included. It lives for as long as
// Python does and ends when its input does, so that Python can end first, and in its own way.
"use strict";

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(name, () => {});
}

const Module = require("node:module");
const load = Module._load;

Module._load = function (request, parent, isMain) {
  const loaded = load.call(this, request, parent, isMain);
  if (typeof request === "string" && /(^|\/)stack-trace$/.test(request) && loaded.captureStackTrace) {
    loaded.captureStackTrace = () => [];
  }
  return loaded;
};
