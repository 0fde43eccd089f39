-- What agents are usually for. From here on they are the admins': run again, this brings nothing back and changes nothing.
INSERT INTO policy_template (id, status, position) VALUES
  ('tpl_payer', 'published', 10),
  ('tpl_trader', 'published', 20),
  ('tpl_treasurer', 'published', 30)
ON CONFLICT (id) DO NOTHING;

INSERT INTO policy_template_version (template_id, number, name, description, policy) VALUES
  ('tpl_payer', 1, 'Payer', 'Pays for APIs and compute, in small sums.',
   '{"perTransactionCap": "200000", "windowCap": "500000", "windowSeconds": 3600, "validDays": 7,
     "rules": [{"kind": "deposit"}]}'),
  ('tpl_trader', 1, 'Trader', 'Trades on the pools. What it buys stays in its account.',
   '{"perTransactionCap": "100000000", "windowCap": "500000000", "windowSeconds": 86400, "validDays": 7,
     "rules": [{"kind": "trade"}]}'),
  ('tpl_treasurer', 1, 'Treasurer', 'Keeps shares of a treasury, pays the bills you name, fills its balance here.',
   '{"perTransactionCap": "1000000000", "windowCap": "5000000000", "windowSeconds": 86400, "validDays": 7,
     "guards": {"approvals": {"over": "500000000", "needed": 1, "approvers": ["me"]}},
     "rules": [{"kind": "deposit"}, {"kind": "trade"}]}')
ON CONFLICT (template_id, number) DO NOTHING;
