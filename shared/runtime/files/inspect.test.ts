import { describe, expect, it } from "vitest";
import { inspectFile } from "./inspect.ts";
import { isAccepted } from "./media-types.ts";

const text = (value: string) => new Uint8Array(new TextEncoder().encode(value));
const bytes = (...values: number[]) => new Uint8Array([...values, ...new Array<number>(64).fill(0)]);

const PNG = bytes(
  0x89,
  0x50,
  0x4e,
  0x47,
  0x0d,
  0x0a,
  0x1a,
  0x0a,
  0,
  0,
  0,
  13,
  0x49,
  0x48,
  0x44,
  0x52,
  0,
  0,
  0,
  1,
  0,
  0,
  0,
  1,
  8,
  6,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0,
  0x49,
  0x44,
  0x41,
  0x54,
);
const PDF = text("%PDF-1.7\n1 0 obj\n<<>>\nendobj\n");
const EXE = bytes(0x4d, 0x5a, 0x90, 0);
const ELF = bytes(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1);
const WASM = bytes(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);

describe("inspectFile", () => {
  it.each([
    ["a.png", "", PNG, "image/png"],
    ["a.png", "image/png", PNG, "image/png"],
    ["a.bin", "application/octet-stream", PNG, "image/png"],
    ["a.pdf", "application/x-pdf", PDF, "application/pdf"],
    ["a.txt", "text/plain; charset=utf-8", text("Grüße, 世界\n"), "text/plain"],
    ["a.csv", "application/vnd.ms-excel", text("a,b\n1,2\n"), "text/csv"],
    ["a.json", "application/json", text('{"a":1}'), "application/json"],
    ["notes.MD", "", text("# Title"), "text/markdown"],
    ["README", "", text("plain"), "text/plain"],
    ["empty.txt", "text/plain", new Uint8Array(), "text/plain"],
  ])("takes %s sent as '%s'", async (name, declared, content, type) => {
    expect(await inspectFile({ name, declared, bytes: content })).toEqual({ ok: true, type });
  });

  it.each([
    ["a picture said to be a PDF", "a.pdf", "application/pdf", PNG],
    ["a text said to be a picture", "a.png", "image/png", text("hello")],
    ["JSON that is none", "a.json", "application/json", text("{")],
    ["a program for Windows", "a.txt", "text/plain", EXE],
    ["a program for Linux", "a", "", ELF],
    ["WebAssembly", "a.wasm", "application/wasm", WASM],
    ["a page", "a.txt", "text/plain", text("\n<!DOCTYPE html><p>x")],
    ["a drawing with a script", "a.svg", "image/svg+xml", text("<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>")],
    ["a drawing behind a comment", "a.txt", "text/plain", text("<!-- x --><svg onload=alert(1)>")],
    ["a document in XML", "a.txt", "text/plain", text("<?xml version='1.0'?><svg/>")],
    ["a shell script", "a.txt", "text/plain", text("#!/bin/sh\nrm -rf /")],
    ["JavaScript", "a.js", "text/javascript", text("alert(1)")],
    ["JavaScript by name", "a.js", "", text("alert(1)")],
    ["bytes of no known kind", "a.bin", "", bytes(1, 2, 3, 4)],
    ["a text that is not UTF-8", "a.txt", "text/plain", new Uint8Array([0x68, 0xff, 0x69])],
  ])("refuses %s", async (_, name, declared, content) => {
    expect(await inspectFile({ name, declared, bytes: content })).toEqual({ ok: false, message: expect.any(String) });
  });
});

describe("isAccepted", () => {
  it.each([
    ["image/png", undefined, true],
    ["image/png", ["image/*"], true],
    ["image/jpeg", ["image/jpg"], true],
    ["application/pdf", ["image/*", "application/pdf"], true],
    ["text/plain", ["image/*"], false],
    ["imagery/png", ["image/*"], false],
  ])("%s for %j: %s", (type, accept, expected) => {
    expect(isAccepted(type, accept)).toBe(expected);
  });
});
