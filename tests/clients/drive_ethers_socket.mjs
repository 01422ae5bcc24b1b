// Listens with ethers 6 over WebSocket: node drive_ethers_socket.mjs URL KEY INPUT_JSON. Prints JSON.
import { createRequire } from "node:module";
const { ethers } = createRequire(process.cwd() + "/")("ethers");

const [url, key, input] = process.argv.slice(2);
const { abi, bytecode, model, pixels } = JSON.parse(input);
const socket = url.replace("http", "ws");
const provider = new ethers.WebSocketProvider(socket, undefined, { cacheTimeout: -1 });
const wallet = new ethers.Wallet(key, provider);
const factory = new ethers.ContractFactory(abi, bytecode, wallet);
const reader = await (await factory.deploy(model)).waitForDeployment();

const heard = { blocks: [], pending: [], logs: [], digits: [] };
await provider.on("block", (number) => heard.blocks.push(number));
await provider.on("pending", (hash) => heard.pending.push(hash));
const filter = { address: await reader.getAddress(), topics: [] };
await provider.on(filter, (log) => heard.logs.push(log.transactionHash));
await reader.on("DigitRead", (sender, reading, digit) => heard.digits.push(Number(digit)));

const first = await provider.getBlockNumber();
const sent = [];
for (let i = 0; i < 3; i++) {
  const receipt = await (await reader.read(pixels)).wait();
  sent.push(receipt.hash);
}
while (heard.digits.length < 3 || heard.blocks.length < 3) {
  await new Promise((resolve) => setTimeout(resolve, 20));
}
const seen = {
  blocksFollow: heard.blocks.every((number, i) => number === first + 1 + i),
  allPending: JSON.stringify(heard.pending) === JSON.stringify(sent),
  allLogs: JSON.stringify(heard.logs) === JSON.stringify(sent),
  digits: heard.digits,
};
console.log(JSON.stringify(seen));
await provider.destroy();
