// SPDX-License-Identifier: BSD-2-Clause
// When a recording goes on in another file: when the present one is large, when the user asks for it, or with each incident.
#pragma once

#include "model/stall.hpp"

#include <cstdint>
#include <set>
#include <tuple>

namespace irqscope::recording {

class switch_rule {
public:
    struct plan {
        std::uint64_t max_bytes = 0; // of a file; 0: however large
        bool on_stall = false;       // there is a file from a stall on until it has been quiet for quiet_ns
    };
    static constexpr std::uint64_t quiet_ns = 1'000'000'000;

    explicit switch_rule(plan what) : plan_(what), has_file_(!what.on_stall) {}

    // What is to be done with the file; see files.
    enum class step { none, next, rest };
    // One is told: to be done at once, before that stall goes into the file.
    step told(const model::stall& one);
    void over(const model::stall& one); // one that was told while it was open
    void ask() { asked_ = true; }       // for a new file, or for what is kept to be written

    // The present interval should end now, so that its file can. file_bytes: of the present file.
    [[nodiscard]] bool wants_end(std::uint64_t file_bytes) const { return asked_ || is_large(file_bytes); }
    // An interval ended then: to be done behind it.
    step interval(std::uint64_t end_ns, std::uint64_t file_bytes);

private:
    [[nodiscard]] bool is_large(std::uint64_t file_bytes) const {
        // what comes until the next look has to fit as well
        return has_file_ && plan_.max_bytes != 0 && file_bytes >= plan_.max_bytes - plan_.max_bytes / 8;
    }

    plan plan_;
    bool has_file_;
    bool asked_ = false;
    std::set<std::tuple<int, model::stall_kind, std::uint64_t>> open_; // CPU, kind and start of those told while open
    std::uint64_t last_ns_ = 0;                                        // end of the latest one
};

} // namespace irqscope::recording
