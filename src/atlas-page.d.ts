/** The page of an atlas, its script and its style inside it; see build/atlas-page.ts. */
declare module "*?whole" {
  const page: string;
  export default page;
}
