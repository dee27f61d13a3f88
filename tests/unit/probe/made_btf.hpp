// SPDX-License-Identifier: BSD-2-Clause
// A kernel's BTF, made up and written to a file of its own that goes with it.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

struct btf;

namespace irqscope::probe {

class made_btf {
public:
    made_btf();
    made_btf(const made_btf&) = delete;
    made_btf& operator=(const made_btf&) = delete;
    ~made_btf();

    void tracepoint(const std::string& name); // as include/trace/bpf_probe.h declares it
    int number();                             // an int
    // A struct with int members at these bytes; an empty name is an unnamed struct.
    int structure(const std::string& name, const std::vector<std::pair<std::string, unsigned>>& members);
    // A struct that holds one unnamed struct at its beginning, as the kernel's pcpu_hot does.
    int around(const std::string& name, int inner);
    // Per-CPU variables: name, type, offset.
    struct variable {
        std::string name;
        int type;
        unsigned offset;
    };
    void per_cpu(const std::vector<variable>& variables);

    // Writes the file.
    [[nodiscard]] std::string path();

private:
    struct free_btf {
        void operator()(btf* types) const;
    };
    std::unique_ptr<btf, free_btf> btf_;
    std::string path_;
};

} // namespace irqscope::probe
