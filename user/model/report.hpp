// SPDX-License-Identifier: BSD-2-Clause
// What `doctor` found: what this kernel, these privileges and this machine allow.
#pragma once

#include <string>
#include <vector>

namespace irqscope::model {

enum class verdict {
    fine,    // there
    limited, // something is measured less well; `loses` says what
    missing, // nothing can be measured
    unknown, // cannot be told with these privileges
};

struct finding {
    std::string subject;
    verdict state = verdict::fine;
    std::string value; // what was found
    std::string loses; // what it costs; empty when fine
    std::string cure;  // how to get it; empty when there is none, or nothing is lost
};

struct report {
    std::string host;
    std::string kernel;
    std::string machine;
    std::vector<finding> findings;

    [[nodiscard]] bool possible() const {
        for (const finding& one : findings)
            if (one.state == verdict::missing) return false;
        return true;
    }
};

} // namespace irqscope::model
