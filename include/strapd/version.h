#ifndef STRAPD_VERSION_H
#define STRAPD_VERSION_H

#define STRAPD_VERSION	"0.1.0"

#endif
