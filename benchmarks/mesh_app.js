// The stacks of a synthesized folder, made again by stock CDK for Terraform in JavaScript.
//
//     node mesh_app.js MODULES SYNTHESIZED OUTPUT
//
// What a TypeScript app does once it is compiled, with nothing of ours: each class is imported from
// its own module, and values are strings that are known beforehand, which spares this app every
// token that ours and any real one would read.
"use strict";

const fs = require("fs");
const path = require("path");
const [modules, synthesized, output] = process.argv.slice(2);
const from = (name) => require(path.join(modules, name));
const cdktf = from("cdktf");

const MAPS = new Set(["tags", "labels"]); // their keys are data

const camel = (name) => name.replace(/_([a-z0-9])/g, (_, letter) => letter.toUpperCase());

function config(value) {
  if (Array.isArray(value)) return value.map(config);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [camel(key), MAPS.has(key) ? inner : config(inner)])
  );
}

function classOf(kind, field, provider) {
  const short = kind.slice(provider.length + 1).replace(/_/g, "-");
  const folder = field === "data" ? `data-${provider}-${short}` : short;
  const found = from(`@cdktf/provider-${provider}/lib/${folder}`);
  return Object.values(found).find((each) => each.tfResourceType === kind);
}

function add(stack, document, field) {
  for (const [kind, named] of Object.entries(document[field] || {})) {
    const Class = classOf(kind, field, kind.split("_")[0]);
    for (const [name, body] of Object.entries(named)) {
      const { for_each: rows, lifecycle, depends_on: after, ...rest } = body;
      const made = new Class(stack, `${field}-${name}`, config(rest));
      made.overrideLogicalId(name);
      if (rows) made.addOverride("for_each", rows);
      if (lifecycle) made.addOverride("lifecycle", lifecycle);
      if (after) made.addOverride("depends_on", after);
    }
  }
}

const app = new cdktf.App({ outdir: output, stackTraces: false });
for (const name of fs.readdirSync(path.join(synthesized, "stacks"))) {
  const file = path.join(synthesized, "stacks", name, "cdk.tf.json");
  const document = JSON.parse(fs.readFileSync(file, "utf-8"));
  const stack = new cdktf.TerraformStack(app, name);
  const { use_lockfile: _, kms_key_id: key, ...backend } = document.terraform.backend.s3;
  new cdktf.S3Backend(stack, { ...backend, kmsKeyId: key });
  for (const [variable, { type, nullable }] of Object.entries(document.variable || {})) {
    new cdktf.TerraformVariable(stack, variable, { type, nullable });
  }
  for (const [provider, [body]] of Object.entries(document.provider || {})) {
    const found = from(`@cdktf/provider-${provider}/lib/provider`);
    const Class = provider === "aws" ? found.AwsProvider : found.HelmProvider;
    new Class(stack, `provider-${provider}`, config(body));
  }
  for (const [local, value] of Object.entries(document.locals || {})) {
    new cdktf.TerraformLocal(stack, `local-${local}`, value).overrideLogicalId(local);
  }
  add(stack, document, "resource");
  add(stack, document, "data");
  for (const [out, { value }] of Object.entries(document.output || {})) {
    new cdktf.TerraformOutput(stack, `output-${out}`, { value }).overrideLogicalId(out);
  }
}
app.synth();
