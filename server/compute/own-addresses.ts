/** The addresses that are a person's own, where their stakes and earnings on the chain are. In small letters. */
export const OWN_ADDRESSES = `SELECT lower(address) AS address, user_id FROM personal_account
  UNION SELECT lower(address), user_id FROM user_wallet`;

/** The same with those of their agents, which can pay as well. */
export const PAYING_ADDRESSES = `SELECT address, user_id, NULL AS agent_id FROM (${OWN_ADDRESSES}) own
  UNION SELECT lower(account), user_id, id FROM agent`;
