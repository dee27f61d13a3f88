// SPDX-License-Identifier: BSD-2-Clause
#pragma once

#include <vector>

namespace irqscope::live {

// The CPUs that get an interrupt of the disk's when they read from it: it may go to one CPU only, and not every machine
// has a disk whose file system knows O_DIRECT. Ascending; takes a second or so. Throws if nothing can be injected.
std::vector<int> disk_cpus();

} // namespace irqscope::live
