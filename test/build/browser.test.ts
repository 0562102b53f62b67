import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, launchBrowser } from "../browser.ts";

let browser: Browser;
beforeAll(async () => {
  browser = await launchBrowser({ width: 320, height: 200 });
});
afterAll(() => browser.close());

test("Chrome computes and draws with WebGPU on a machine without a GPU", async () => {
  const page = await browser.newPage();
  // A page of Chrome's own is a secure context, which WebGPU asks for, and needs no server.
  await page.goto("chrome://version");
  const seen = await page.evaluate(async () => {
    const adapter = await navigator.gpu.requestAdapter();
    const device = await adapter?.requestDevice();
    if (!device) return "no device";
    const canvas = new OffscreenCanvas(8, 8);
    const context = canvas.getContext("webgpu");
    if (!context) return "no context";
    context.configure({ device, format: "rgba8unorm" });
    const encoder = device.createCommandEncoder();
    const view = context.getCurrentTexture().createView();
    const clearValue = [0, 1, 0, 1];
    encoder
      .beginRenderPass({ colorAttachments: [{ view, loadOp: "clear", storeOp: "store", clearValue }] })
      .end();
    device.queue.submit([encoder.finish()]);
    const copy = new OffscreenCanvas(8, 8).getContext("2d");
    copy?.drawImage(canvas.transferToImageBitmap(), 0, 0);
    return [...(copy?.getImageData(4, 4, 1, 1).data ?? [])].join();
  });
  expect(seen).toBe("0,255,0,255");
});

test("the window has the size that was asked for", async () => {
  const page = await browser.newPage();
  expect(await page.evaluate(() => [innerWidth, innerHeight])).toEqual([320, 200]);
});
