// What a file of translated kernels needs.
#pragma once

#include "access.h"
#include "arithmetic.h"
#include "entry.h"
