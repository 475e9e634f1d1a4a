// Runs jsii's kernel in this very process. jsii's own launcher starts a second Node and passes
// every message on to it, through file 3; here that file is our own stdin and stdout. What the
// kernel or a library prints goes to stderr in the form that jsii's Python side expects.
"use strict";

const fs = require("node:fs");
const { Writable } = require("node:stream");

const KERNEL_FILE = 3;
const [FROM_PYTHON, TO_PYTHON, STDERR] = [0, 1, 2];
const { readSync, writeSync } = fs;

fs.readSync = (file, ...rest) => readSync(file === KERNEL_FILE ? FROM_PYTHON : file, ...rest);
fs.writeSync = (file, ...rest) => writeSync(file === KERNEL_FILE ? TO_PYTHON : file, ...rest);

for (const name of ["stdout", "stderr"]) {
  const write = (chunk, _encoding, done) => {
    writeSync(STDERR, `${JSON.stringify({ [name]: Buffer.from(chunk).toString("base64") })}\n`);
    done();
  };
  Object.defineProperty(process, name, { value: new Writable({ write }) });
}

process.execArgv.push("--preserve-symlinks"); // NODE_OPTIONS says so; the kernel looks here
require(process.env.CELLFACTORY_JSII_KERNEL);
