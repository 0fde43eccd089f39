"use client";

import Link from "next/link";
import { useState } from "react";
import { buttonClass } from "../ui/button-class.ts";
import { Card, CardBody, CardHeader } from "../ui/card.tsx";
import { CodeBlock } from "../ui/code-block.tsx";
import { TabPanel, Tabs } from "../ui/tabs.tsx";
import { useAddressValue } from "../ui/use-address-value.ts";
import { ApiKeyTable } from "./api-key-table.tsx";
import { firstCall, SAMPLE_LANGUAGES } from "./samples.ts";

export function DevelopersView({ publicUrl }: { publicUrl: string }) {
  const [token, setToken] = useState<string | null>(null);
  const [sample, setSample] = useAddressValue("sample");
  const language = SAMPLE_LANGUAGES.find(({ value }) => value === sample)?.value ?? "curl";
  return (
    <div className="flex flex-col gap-6">
      <ApiKeyTable onCreated={setToken} />
      <Card>
        <CardHeader
          title="Your first call"
          description={
            token
              ? "With the key you just made. It is gone from here when you leave."
              : "Any OpenAI client works: only the base URL changes."
          }
          action={
            <Link href="/docs/api" prefetch={false} className={buttonClass({ size: "sm" })}>
              API reference
            </Link>
          }
        />
        <CardBody>
          <Tabs label="Language of the sample" tabs={SAMPLE_LANGUAGES} value={language} onValueChange={setSample}>
            {SAMPLE_LANGUAGES.map(({ value, label }) => (
              <TabPanel key={value} value={value}>
                <CodeBlock label={label} code={firstCall(value, publicUrl, token)} />
              </TabPanel>
            ))}
          </Tabs>
        </CardBody>
      </Card>
    </div>
  );
}
