-- Certificates that records pin, and raw public keys: found in a handshake, before any name is
-- known. SHA-256 of the DER, lower-case hex. Several endpoints may pin the same one.
ALTER TABLE endpoint ADD COLUMN pinned TEXT;
UPDATE endpoint SET pinned = lower(json_extract(json, '$.auth.certificate.sha256'))
	WHERE json LIKE '%"sha256"%';
CREATE INDEX endpoint_pinned ON endpoint (pinned) WHERE pinned IS NOT NULL;
