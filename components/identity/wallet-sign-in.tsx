"use client";

import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { useState } from "react";
import { createSiweMessage } from "viem/siwe";
import { getAddress } from "viem/utils";
import {
  type Connector,
  createConfig,
  http,
  useConnect,
  useConnectors,
  useDisconnect,
  useSignMessage,
  WagmiProvider,
} from "wagmi";
import { Button } from "../ui/button.tsx";
import { describeFailure } from "./describe-failure.ts";
import { askDoor, startSession } from "./start-sign-in.ts";
import { ensureNetwork, type WalletProvider } from "./wallets.ts";

type Props = { chainId: number; onSignedIn: () => void; onFailure: (message: string) => void };

/** Signing a message needs no node: the chain here only tells the wallet's window which network is meant. */
const configFor = (chainId: number) => {
  const chain = {
    id: chainId,
    name: "Converge",
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [] } },
  } as const;
  return createConfig({
    chains: [chain],
    connectors: [],
    multiInjectedProviderDiscovery: true,
    storage: null,
    transports: { [chainId]: http() },
  });
};

function WalletList({ chainId, onSignedIn, onFailure }: Props) {
  const connectors = useConnectors();
  const { mutateAsync: connect } = useConnect();
  const { mutateAsync: disconnect } = useDisconnect();
  const { mutateAsync: signMessage } = useSignMessage();
  const [pending, setPending] = useState<string | null>(null);

  const signIn = async (connector: Connector) => {
    setPending(connector.uid);
    try {
      const { accounts } = await connect({ connector });
      await ensureNetwork((await connector.getProvider()) as WalletProvider, chainId);
      const account = accounts[0];
      if (!account) throw new Error("The wallet offered no account.");
      const address = getAddress(account);
      const { nonce } = await askDoor<{ nonce: string }>("/api/auth/siwe/nonce");
      const message = createSiweMessage({
        address,
        chainId,
        domain: window.location.host,
        uri: window.location.origin,
        nonce,
        version: "1",
        statement: "Sign in to Converge. This moves no money.",
        issuedAt: new Date(),
        expirationTime: new Date(Date.now() + 5 * 60_000),
      });
      const signature = await signMessage({ message, account: address, connector });
      const result = await startSession("siwe", { message, signature });
      // The wallet goes on showing this account to the page: it will be asked to sign as an owner.
      if (result.ok) return onSignedIn();
      onFailure(result.message);
    } catch (error) {
      onFailure(describeFailure(error));
    }
    // The next try may be with another account.
    await disconnect({ connector }).catch(() => undefined);
    setPending(null);
  };

  if (connectors.length === 0) {
    return (
      <p className="rounded-md border border-line border-dashed px-3 py-2.5 text-ink-2 text-sm">
        No browser wallet was found. Install one, or use a passkey: it needs nothing but this device.
      </p>
    );
  }
  return (
    <ul className="flex flex-col gap-2">
      {connectors.map((connector) => (
        <li key={connector.uid}>
          <Button
            size="lg"
            className="w-full"
            isPending={pending === connector.uid}
            disabled={pending !== null}
            onClick={() => void signIn(connector)}
          >
            <span className="flex min-w-0 flex-1 items-center gap-2">
              {connector.icon && pending !== connector.uid && (
                // biome-ignore lint/performance/noImgElement: wallets announce their icon as a data URI.
                <img src={connector.icon} alt="" className="size-5 rounded-sm" />
              )}
              <span className="truncate">{connector.name}</span>
            </span>
          </Button>
        </li>
      ))}
    </ul>
  );
}

/** Wallets that announce themselves to the page (EIP-6963) sign in with a message (EIP-4361). */
export default function WalletSignIn(props: Props) {
  const [config] = useState(() => configFor(props.chainId));
  const [queryClient] = useState(() => new QueryClient());
  return (
    <WagmiProvider config={config} reconnectOnMount={false}>
      <QueryClientProvider client={queryClient}>
        <WalletList {...props} />
      </QueryClientProvider>
    </WagmiProvider>
  );
}
