/** The files of a network that comes with the page, beside the one that is looked at. */
export async function filesAt(what: string, modelUrl: string, weightsUrl: string): Promise<File[]> {
  const named = [
    [modelUrl, "model.json"],
    [weightsUrl, "weights.bin"],
  ] as const;
  return Promise.all(
    named.map(async ([url, name]) => {
      const response = await fetch(url);
      if (!response.ok) throw new Error(`The ${what} that comes with this page did not load: ${name}.`);
      return new File([await response.blob()], name);
    }),
  );
}
