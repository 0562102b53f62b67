export { type Browser, type LaunchOptions, launchBrowser } from "../build/browser.ts";
