#include <jansson.h>
#include <string.h>

#include "ctl/ctl_priv.h"

int
cmd_call(struct ctl *c)
{
	json_t *params = NULL, *result = NULL;
	json_error_t why;
	int code = CTL_DONE;

	if (c->args.nwords > 1 && strcmp(c->args.words[1], "-") == 0) {
		code = ctl_read_object(c, "-", &params);
	} else if (c->args.nwords > 1) {
		params = json_loads(c->args.words[1], JSON_REJECT_DUPLICATES, &why);
		if (!json_is_object(params)) {
			code = ctl_usage(c, "PARAMS has to be a JSON object%s%s.", params == NULL ? ": " : "",
			    params == NULL ? why.text : "");
			json_decref(params);
		}
	}
	if (code != CTL_DONE)
		return code;
	code = ctl_call(c, c->args.words[0], params, &result);
	if (code != CTL_DONE)
		return code;
	json_dumpf(result, c->io.out, (c->json ? JSON_COMPACT : JSON_INDENT(2)) | JSON_ENCODE_ANY);
	fputc('\n', c->io.out);
	json_decref(result);
	return CTL_DONE;
}

int
cmd_trace(struct ctl *c)
{
	return ctl_fail(c, "\"trace\" is not offered by this version; \"watch\" follows sessions, and "
	    "\"history EP --steps\" shows every step of the last ones.");
}
