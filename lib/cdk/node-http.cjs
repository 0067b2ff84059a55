/**
 * Stands for `node:http` in bundles. A module that imports it is given all that it exports, WebSocket too, and that
 * loads the whole of undici: a third of a function's start. Required, it gives what is asked for.
 */
// biome-ignore lint/style/useNodejsImportProtocol: with its protocol it would stand for itself.
module.exports = require("http");
