"use client";

import Link from "next/link";
import { parseAsStringLiteral, useQueryState } from "nuqs";
import { useState } from "react";
import { buttonClass } from "../ui/button-class.ts";
import { Card, CardBody, CardHeader } from "../ui/card.tsx";
import { CodeBlock } from "../ui/code-block.tsx";
import { TabPanel, Tabs } from "../ui/tabs.tsx";
import { ApiKeyTable } from "./api-key-table.tsx";
import { firstCall, SAMPLE_LANGUAGES, type SampleLanguage } from "./samples.ts";

const languages = SAMPLE_LANGUAGES.map((language) => language.value);

export function DevelopersView({ publicUrl }: { publicUrl: string }) {
  const [token, setToken] = useState<string | null>(null);
  const [language, setLanguage] = useQueryState("sample", parseAsStringLiteral(languages).withDefault("curl"));
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
          <Tabs
            label="Language of the sample"
            tabs={SAMPLE_LANGUAGES}
            value={language}
            onValueChange={(next) => void setLanguage(next as SampleLanguage)}
          >
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
