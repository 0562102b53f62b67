import type { AtlasPictureKind } from "../src/lab/atlas/site.ts";

/** What a page shows. */
export type Place =
  | { readonly page: "home" }
  | {
      readonly page: "layer";
      readonly layer: string;
      readonly show?: AtlasPictureKind | undefined;
      readonly sort?: Sort | undefined;
    }
  | { readonly page: "unit"; readonly layer: string; readonly channel: number }
  | { readonly page: "search"; readonly query: string };

/** Orders of a wall. */
export const SORTS = ["number", "class", "zeros"] as const;
export type Sort = (typeof SORTS)[number];

const KINDS: readonly AtlasPictureKind[] = ["wanted", "activation", "relevance"];

/** The address of a place: it can be sent. */
export function addressOf(place: Place): string {
  switch (place.page) {
    case "home":
      return "#/";
    case "layer": {
      const query = new URLSearchParams();
      if (place.show) query.set("show", place.show);
      if (place.sort) query.set("sort", place.sort);
      return `#/layer/${encodeURIComponent(place.layer)}${query.size > 0 ? `?${query}` : ""}`;
    }
    case "unit":
      return `#/layer/${encodeURIComponent(place.layer)}/unit/${place.channel}`;
    case "search":
      return `#/search/${encodeURIComponent(place.query)}`;
  }
}

/** The place of an address; home for one that leads nowhere. */
export function placeOf(hash: string): Place {
  const [path = "", search = ""] = hash.replace(/^#\/?/, "").split("?");
  const [page, name = "", , channel] = path.split("/").map(plain);
  const query = new URLSearchParams(search);
  if (page === "layer" && channel !== undefined && /^\d+$/.test(channel)) {
    return { page: "unit", layer: name, channel: Number(channel) };
  }
  if (page === "layer") {
    return {
      page: "layer",
      layer: name,
      show: KINDS.find((kind) => kind === query.get("show")),
      sort: SORTS.find((sort) => sort === query.get("sort")),
    };
  }
  return page === "search" ? { page: "search", query: name } : { page: "home" };
}

function plain(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
