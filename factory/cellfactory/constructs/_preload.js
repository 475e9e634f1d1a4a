// Loaded into Node before the bindings. Each token that the core of the CDK makes captures a full
// stack trace, a third of its time, and nothing of it reaches the output: answer with none.
"use strict";

const Module = require("node:module");
const load = Module._load;

Module._load = function (request, parent, isMain) {
  const loaded = load.call(this, request, parent, isMain);
  if (typeof request === "string" && /(^|\/)stack-trace$/.test(request) && loaded.captureStackTrace) {
    loaded.captureStackTrace = () => [];
  }
  return loaded;
};
