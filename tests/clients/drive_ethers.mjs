// Drives a node with ethers 6: node drive_ethers.mjs URL KEY INPUT_JSON. Prints what it saw as JSON.
import { createRequire } from "node:module";
const { ethers } = createRequire(process.cwd() + "/")("ethers");

const [url, key, input] = process.argv.slice(2);
const { abi, bytecode, model, pixels } = JSON.parse(input);
// By default ethers repeats answers, nonces too, for 250 ms: longer than a block takes here.
const provider = new ethers.JsonRpcProvider(url, undefined, { cacheTimeout: -1 });
const wallet = new ethers.Wallet(key, provider);
const unlocked = await provider.getSigner(2);

const factory = new ethers.ContractFactory(abi, bytecode, wallet);
const reader = await (await factory.deploy(model)).waitForDeployment();
const address = await reader.getAddress();

const estimate = await reader.read.estimateGas(pixels);
const receipt = await (await reader.read(pixels)).wait();
const [event] = receipt.logs.map((log) => reader.interface.parseLog(log));
const second = await (await reader.connect(unlocked).read(pixels)).wait();
const found = await reader.queryFilter(reader.filters.DigitRead(), 0);

let reverted = {};
try {
  await reader.read.staticCall("0x00");
} catch (error) {
  reverted = { code: error.code, name: error.revert?.name, args: error.revert?.args.map(String) };
}
let unknown = "";
try {
  await provider.send("inference_model", ["nothing"]);
} catch (error) {
  unknown = error.error?.message ?? error.message;
}
const block = await provider.getBlock("latest", true);
const seen = {
  chainId: (await provider.getNetwork()).chainId.toString(),
  code: (await provider.getCode(address)).length > 2,
  estimateIsExact: estimate === receipt.gasUsed,
  status: receipt.status,
  digit: event.args.digit.toString(),
  reading: event.args.reading.toString(),
  lastDigit: (await reader.lastDigit()).toString(),
  secondFrom: second.from.toLowerCase(),
  events: found.length,
  inLatestBlock: block.prefetchedTransactions[0].hash === second.hash,
  nonce: await provider.getTransactionCount(wallet.address, "pending"),
  reverted,
  unknown,
};
console.log(JSON.stringify(seen));
provider.destroy();
