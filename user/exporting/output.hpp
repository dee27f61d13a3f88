// SPDX-License-Identifier: BSD-2-Clause
// Where an export goes: a file that has its name only once it is whole, or the standard output.
#pragma once

#include "host/descriptor.hpp"
#include "result.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace irqscope::exporting {

class output {
public:
    // path: "-" is the standard output. A file is of mode 0600; one that has the name already, or to which a link of that name
    // leads, is replaced at the end, and a device or a fifo written to as it is. Fails (failed): it cannot be made.
    static result<output> open(const std::string& path);

    output(const output&) = delete;
    output& operator=(const output&) = delete;
    output(output&& other) noexcept;
    output& operator=(output&&) = delete;
    ~output(); // what was not kept is gone

    // After a write that failed nothing is written any more, and keep() says why.
    void write(std::string_view bytes);
    // What was written before, once more; only where it can be, and up to what was written.
    void rewrite(std::uint64_t offset, std::string_view bytes);
    [[nodiscard]] bool can_rewrite() const { return is_new_; }
    [[nodiscard]] std::uint64_t written() const { return written_; } // bytes
    // False: nobody reads it any more, or it cannot be written; what else comes is for nothing.
    [[nodiscard]] bool is_wanted() const { return wanted_; }

    // It is whole. Fails (failed): some of it could not be written, and the file is not there. That nobody reads the standard
    // output any more is no failure.
    result<void> keep();

private:
    output() = default;
    void flush();
    bool give_name();

    std::string path_;      // as it was given
    std::string target_;    // where that leads
    std::string temporary_; // its name until it is kept; empty: it has none
    bool is_new_ = false;   // else it is written to as it is
    host::descriptor file_; // none: the standard output
    std::string buffer_;
    std::uint64_t written_ = 0;
    bool wanted_ = true;
    int reason_ = 0; // errno of the first write that failed
};

} // namespace irqscope::exporting
