/// All kernels of the CPU: what emitted code includes.
#pragma once

#include "templates/cpu/activation.h"
#include "templates/cpu/attention.h"
#include "templates/cpu/elementwise.h"
#include "templates/cpu/embed.h"
#include "templates/cpu/linear.h"
#include "templates/cpu/linear_one.h"
#include "templates/cpu/linear_quantized.h"
#include "templates/cpu/linear_rounded.h"
#include "templates/cpu/linear_rows.h"
#include "templates/cpu/linear_torch.h"
#include "templates/cpu/norm.h"
#include "templates/cpu/rope.h"
