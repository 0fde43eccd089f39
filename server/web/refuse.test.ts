import { describe, expect, it } from "vitest";
import { faultOf } from "./refuse.ts";

describe("faultOf", () => {
  it.each(["/", "/a/b?x=%", "/%e2%82%ac", "//x", "/agents/%2e%2e%2f"])("lets %s through", (url) => {
    expect(faultOf({ method: "GET", url })).toBeNull();
  });

  it.each(["/%", "/%ff", "/a/%c3%28", "*", "http://elsewhere.example/", ""])("refuses %j", (url) => {
    expect(faultOf({ method: "GET", url })?.code).toBe("BAD_REQUEST");
  });

  it.each(["TRACE", "PROPFIND", "QUERY", "get"])("refuses the method %s", (method) => {
    expect(faultOf({ method, url: "/" })?.code).toBe("METHOD_NOT_ALLOWED");
  });
});
