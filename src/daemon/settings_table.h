#ifndef DAEMON_SETTINGS_TABLE_H
#define DAEMON_SETTINGS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum setting_kind {
	SETTING_LISTEN,		/* struct settings_listen */
	SETTING_DURATION,	/* uint64_t, milliseconds */
	SETTING_NUMBER,		/* uint64_t */
	SETTING_POWER,		/* uint64_t, a power of two */
	SETTING_REAL,		/* double */
	SETTING_CHOICE,		/* uint64_t, index into choices */
	SETTING_TEXT,		/* char[SETTINGS_TEXT_MAX] */
	SETTING_LATER,		/* of the contract, not offered by this version: only "off" or nothing */
};

/* One setting: its name, where it is kept, what it may be. The last row has section NULL. */
struct setting {
	const char		*section, *key;
	enum setting_kind	 kind;
	size_t			 offset;	/* in struct settings */
	const char		*initial;	/* the default, as an operator would write it */
	const char		*valid;		/* for people: what may stand there */
	const char		*meaning;	/* for people: one or two sentences */
	uint64_t		 min, max;
	const char *const	*choices;
	bool			 reloadable;	/* SIGHUP changes it */
};
extern const struct setting settings_table[];

#endif
