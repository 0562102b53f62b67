export { type LaunchOptions, launchBrowser } from "../build/browser.ts";
