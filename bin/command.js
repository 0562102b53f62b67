// The work of `vitrine`, in a process that bin/vitrine.js watches over.
const { main } = await import("../dist/cli.js");
process.exitCode = await main(process.argv.slice(2));
