// Drives a node with viem: node drive_viem.mjs URL KEY INPUT_JSON. Prints what it saw as JSON.
import { createRequire } from "node:module";
const require = createRequire(process.cwd() + "/");
const viem = require("viem");
const { privateKeyToAccount } = require("viem/accounts");
const { foundry } = require("viem/chains");

const [url, key, input] = process.argv.slice(2);
const { abi, bytecode, model, pixels, typed } = JSON.parse(input);
const account = privateKeyToAccount(key);
const http = viem.http(url);
const reads = viem.createPublicClient({ chain: foundry, transport: http, pollingInterval: 20 });
const wallet = viem.createWalletClient({ account, chain: foundry, transport: http });
const [, , unlocked] = await wallet.getAddresses();
const test = viem.createTestClient({ mode: "anvil", chain: foundry, transport: http });

// a contract: deploy, estimate, simulate, write, read, events
const deployed = await wallet.deployContract({ abi, bytecode, args: [model] });
const { contractAddress: address } = await reads.waitForTransactionReceipt({ hash: deployed });
const read = { address, abi, functionName: "read", args: [pixels] };
const gas = await reads.estimateContractGas({ ...read, account });
const { result, request } = await reads.simulateContract({ ...read, account });
const receipt = await reads.waitForTransactionReceipt({ hash: await wallet.writeContract(request) });
const fromUnlocked = await wallet.writeContract({ ...read, account: unlocked });
await reads.waitForTransactionReceipt({ hash: fromUnlocked });
const events = await reads.getContractEvents({ address, abi, fromBlock: 0n });
let reverted = {};
try {
  await reads.simulateContract({ ...read, args: ["0x00"], account });
} catch (error) {
  const cause = error.walk((e) => e instanceof viem.ContractFunctionRevertedError);
  reverted = { name: cause.data.errorName, args: cause.data.args.map(String) };
}

// signatures of an unlocked account are those of its key
const message = "hello";
const unlockedSigns = {
  message: await wallet.signMessage({ account: unlocked, message }),
  typed: await wallet.signTypedData({ account: unlocked, ...typed }),
};

// what a type 4 transaction leaves: the account's code points at the contract
const authorization = await wallet.signAuthorization({ contractAddress: address, executor: "self" });
const delegated = await wallet.sendTransaction({
  authorizationList: [authorization],
  to: account.address,
  data: "0x99",
  gas: 200_000n,
});
const setCode = await reads.waitForTransactionReceipt({ hash: delegated });

// test actions
const nonce = await reads.getTransactionCount({ address: account.address });
const snapshot = await test.snapshot();
await test.setAutomine(false);
const waits = await wallet.sendTransaction({ to: unlocked, value: 1n, account });
const { pending } = await test.getTxpoolStatus();
const pendingBlock = await reads.getBlock({ blockTag: "pending" });
await test.setAutomine(true);
await reads.waitForTransactionReceipt({ hash: waits });
const before = await reads.getBlock();
await test.increaseTime({ seconds: 1000 });
await reads.waitForTransactionReceipt({ hash: await wallet.sendTransaction({ to: unlocked }) });
const later = await reads.getBlock();
await test.revert({ id: snapshot });
const noncesAreBack = (await reads.getTransactionCount({ address: account.address })) === nonce;

// news over WebSocket
const socket = viem.webSocket(url.replace("http", "ws"));
const listens = viem.createPublicClient({ chain: foundry, transport: socket });
const heard = { blocks: [], hashes: [], digits: [] };
const stops = [
  listens.watchBlockNumber({ onBlockNumber: (number) => heard.blocks.push(number) }),
  listens.watchPendingTransactions({ onTransactions: (found) => heard.hashes.push(...found) }),
  listens.watchContractEvent({
    ...{ address, abi, eventName: "DigitRead" },
    onLogs: (logs) => heard.digits.push(...logs.map((log) => log.args.digit)),
  }),
];
await listens.getBlockNumber();
await new Promise((resolve) => setTimeout(resolve, 200));
const news = await wallet.writeContract({ ...read, account: unlocked });
while (!heard.blocks.length || !heard.hashes.length || !heard.digits.length) {
  await new Promise((resolve) => setTimeout(resolve, 20));
}
stops.forEach((stop) => stop());
(await listens.transport.getRpcClient()).close();

const history = await reads.getFeeHistory({ blockCount: 2, rewardPercentiles: [50] });
const proof = await reads.getProof({ address, storageKeys: ["0x" + "00".repeat(32)] });
const access = await reads.createAccessList({ to: address, data: viem.encodeFunctionData(read) });
const { results } = await reads.simulateCalls({ account, calls: [{ to: address, ...read }] });
const seen = {
  estimateIsExact: gas === receipt.gasUsed,
  digit: Number(result),
  events: events.map((event) => event.args.digit),
  reverted,
  unlockedSigns,
  setCode: [setCode.type, setCode.status === "reverted"],
  code: await reads.getCode({ address: account.address }),
  address: address.toLowerCase(),
  pending,
  pendingBlock: [pendingBlock.hash, pendingBlock.transactions.includes(waits)],
  jump: Number(later.timestamp - before.timestamp) >= 1000,
  noncesAreBack,
  news: [heard.hashes.includes(news), heard.digits],
  history: history.baseFeePerGas.length,
  proof: proof.storageProof.length,
  accesses: access.accessList.some((entry) => entry.address.toLowerCase() === address.toLowerCase()),
  simulated: results[0].status,
};
console.log(JSON.stringify(seen));
