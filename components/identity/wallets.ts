/** A wallet's door (EIP-1193). */
export type WalletProvider = { request(call: { method: string; params?: readonly unknown[] }): Promise<unknown> };

type Announcement = CustomEvent<{ provider: WalletProvider }>;

/** Wallets announce themselves to a page that asks (EIP-6963); there may be several in one browser. */
function announcedWallets(): WalletProvider[] {
  const found: WalletProvider[] = [];
  const hear = (event: Event) => found.push((event as Announcement).detail.provider);
  window.addEventListener("eip6963:announceProvider", hear);
  window.dispatchEvent(new Event("eip6963:requestProvider"));
  window.removeEventListener("eip6963:announceProvider", hear);
  const { ethereum } = globalThis as typeof globalThis & { ethereum?: WalletProvider };
  return found.length === 0 && ethereum ? [ethereum] : found;
}

async function holds(wallet: WalletProvider, address: string, method: string): Promise<boolean> {
  const accounts = await wallet.request({ method });
  return Array.isArray(accounts) && accounts.some((account) => String(account).toLowerCase() === address.toLowerCase());
}

/** The wallet in this browser that holds an account; one that does not show it yet is asked to. */
export async function findWallet(address: string): Promise<WalletProvider> {
  const wallets = announcedWallets();
  for (const wallet of wallets) if (await holds(wallet, address, "eth_accounts").catch(() => false)) return wallet;
  for (const wallet of wallets) if (await holds(wallet, address, "eth_requestAccounts")) return wallet;
  throw new Error(`The wallet with the account ${address} is not in this browser. Nothing was signed.`);
}

/** Brings a wallet to a network before it signs for it: a signature for another one would be worth nothing here. */
export async function ensureNetwork(wallet: WalletProvider, chainId: number): Promise<void> {
  const current = Number(await wallet.request({ method: "eth_chainId" }));
  if (current === chainId) return;
  const params = [{ chainId: `0x${chainId.toString(16)}` }];
  const isSwitched = await wallet.request({ method: "wallet_switchEthereumChain", params }).then(
    () => true,
    () => false,
  );
  if (isSwitched && Number(await wallet.request({ method: "eth_chainId" })) === chainId) return;
  throw new Error(
    `The wallet is on another network (chain ${current}). Switch it to chain ${chainId} and try again; nothing was signed.`,
  );
}
