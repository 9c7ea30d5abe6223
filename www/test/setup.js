/**
 * For the tests in this folder: a page (jsdom), and stand-ins for what the bundler puts in: the vault and the style.
 * Loaded before everything else: `node --import ./www/test/setup.js --test www/test/*.test.js`.
 */

// The runner loads this, too, and runs no test itself: each file has a process of its own, where the page is.
if (!process.execArgv.includes("--test")) await import("./page.js");
