// Hears no signal and no message: its thread never rests.
process.on("SIGINT", () => {});
process.stderr.write("deaf\n");
for (;;) Math.random();
