-- What is signed is counted for each token by itself.
ALTER TABLE "signer_spend" ADD COLUMN "token" TEXT;
UPDATE "signer_spend" s SET "token" = coalesce(w."grant_text"::json -> 'policy' ->> 'token', '0x0000000000000000000000000000000000000000')
  FROM "signer_wallet" w WHERE w."id" = s."wallet_id";
ALTER TABLE "signer_spend" ALTER COLUMN "token" SET NOT NULL,
DROP CONSTRAINT "signer_spend_pkey",
ADD CONSTRAINT "signer_spend_pkey" PRIMARY KEY ("wallet_id", "nonce", "token");

-- Accounts of before take no policy of the new form, and the signer signs for their keys no more: their owners still hold
-- them. What they were allowed is kept to be read.
UPDATE "agent" SET "status" = 'revoked', "updated_at" = now(), "policy" = jsonb_build_object(
  'validAfter', "policy" -> 'validAfter',
  'validUntil', "policy" -> 'validUntil',
  'windowSeconds', "policy" -> 'windowSeconds',
  'gasPerWindow', '0',
  'caps', jsonb_build_array(jsonb_build_object(
    'token', "policy" -> 'token', 'perTransaction', "policy" -> 'perTransactionCap', 'perWindow', "policy" -> 'windowCap')),
  'rules', (SELECT jsonb_agg(jsonb_build_object(
      'effect', 'allow', 'target', rule -> 'target', 'selector', rule -> 'selector', 'valueMax', '0', 'proof', rule -> 'proof',
      'conditions', CASE WHEN rule ->> 'counterparty' IS NULL THEN '[]'::jsonb ELSE jsonb_build_array(jsonb_build_object(
        'reading', 'word', 'word', 0, 'element', 0, 'comparison', 'equal',
        'operands', jsonb_build_array('0x000000000000000000000000' || lower(substr(rule ->> 'counterparty', 3))))) END) ORDER BY place)
    FROM jsonb_array_elements("policy" -> 'rules') WITH ORDINALITY AS listed (rule, place)))
  WHERE "policy" ? 'perTransactionCap';
