/*
 * In which content format, and for which version. The order of choice:
 *
 *   1. what the device was found to take when it refused others: the one thing that was tried
 *   2. pct, what its Bootstrap-Request asks for
 *   3. the record's "format" ("text" and "opaque" can only be meant for single resources)
 *   4. TLV, which every LwM2M 1.0 device reads and most later ones do
 *
 * What may be tried after a refusal follows in the same order, but TLV comes last for those that
 * ask for a CBOR format: Anjay Lite 3.0.0 asks for 112 and cannot read most TLV. And a device that
 * never named a format of LwM2M 1.1 gets SenML JSON only when it speaks of the format (4.15, 4.06):
 * Awa 0.2.5 refuses with 4.00 and dies of a JSON payload.
 */
#include "bootstrap/plan_priv.h"
#include "lwm2m/discovery.h"
#include "lwm2m/format.h"
#include "lwm2m/objdef.h"
#include "store/config.h"
#include "store/resolve.h"

/* LwM2M JSON (11543) is not among them: only 1.0 had it, and there TLV is what everybody reads. */
static bool
usable(int format)
{
	return (format == FORMAT_TLV || format == FORMAT_SENML_CBOR || format == FORMAT_SENML_JSON ||
	    format == FORMAT_LWM2M_CBOR) && format_can_encode(format);
}

static void
add(struct plan *p, int format)
{
	if (!usable(format) || p->nformats == sizeof(p->formats) / sizeof(p->formats[0]))
		return;
	for (size_t i = 0; i < p->nformats; i++)
		if (p->formats[i] == format)
			return;
	p->formats[p->nformats++] = format;
}

/*
 * What Discover says now counts before what was learnt earlier. It is a lower bound (Leshan's client
 * says 1.0 always), and pct came with 1.1. Without any word from the device the version stays unknown.
 */
static uint16_t
version_of(const struct plan_device *dev)
{
	uint16_t v = dev->lwm2m;

	if (dev->discovery != NULL && dev->discovery->lwm2m != 0)
		v = dev->discovery->lwm2m;
	if (v != 0 && v < 0x0101 && dev->pct >= 0)
		v = 0x0101;
	if (v != 0 && v < 0x0102 && dev->pct == FORMAT_LWM2M_CBOR)
		v = 0x0102;
	return v;
}

uint16_t
plan_object_version(const struct plan *p, const struct plan_device *dev, uint16_t oid)
{
	const struct discovery *disc = dev->discovery;

	for (size_t i = 0; disc != NULL && i < disc->nlinks; i++)
		if (disc->links[i].path.id[0] == oid && disc->links[i].path.depth > 0 &&
		    disc->links[i].version != 0)
			return disc->links[i].version;
	return p->lwm2m == 0 ? 0 : objdefs_implied(oid, p->lwm2m);
}

void
plan_choose_format(const struct resolved *res, const struct plan_device *dev, struct plan *p,
    struct plan_notes *notes)
{
	const struct config *cfg = res->config;
	int learnt = dev->format_forced ? res->format : dev->format;

	p->lwm2m = version_of(dev);
	if (usable(learnt)) {
		plan_note(notes, "content format: what the device took after it had refused others");
	} else if (usable(dev->pct)) {
		plan_note(notes, "content format: what the device asks for (pct)");
	}

	/* The same list in the same order whatever is forced: indexes into it are kept. */
	add(p, learnt);
	add(p, dev->pct);
	add(p, cfg->format);
	bool cbor = p->nformats > 0 && (p->formats[0] == FORMAT_SENML_CBOR ||
	    p->formats[0] == FORMAT_LWM2M_CBOR || dev->pct == FORMAT_SENML_CBOR ||
	    dev->pct == FORMAT_LWM2M_CBOR);
	if (!cbor)
		add(p, FORMAT_TLV);
	add(p, FORMAT_SENML_CBOR);
	if (p->lwm2m >= 0x0102 || dev->pct == FORMAT_LWM2M_CBOR)
		add(p, FORMAT_LWM2M_CBOR);
	add(p, FORMAT_SENML_JSON);
	add(p, FORMAT_TLV);

	p->format = dev->format_forced ? dev->format : p->formats[0];
	p->nformats_any = p->nformats;
	if (dev->pct < 0 && p->lwm2m < 0x0101 && p->formats[p->nformats - 1] == FORMAT_SENML_JSON)
		p->nformats_any--;
}
