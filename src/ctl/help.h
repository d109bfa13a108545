#ifndef CTL_HELP_H
#define CTL_HELP_H

#include <stdbool.h>
#include <stdio.h>

struct command;
struct opt;

/* What --help prints, from the tables that the command line is read by. */
void	 help_overview(FILE *, bool colour, const struct opt *global);
void	 help_command(FILE *, bool colour, const struct command *, const struct opt *global);

#endif
