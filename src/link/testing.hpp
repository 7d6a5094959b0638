// What several tests of this room need.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "link/definition.hpp"
#include "link/mapping.hpp"
#include "twin/term.hpp"

namespace cityloom::link::testing {

/// The folder of real data, or "" where it is absent.
inline std::string shared_data() {
  const char* given = std::getenv("CITYLOOM_SHARED");
  const std::string folder = given != nullptr ? given : std::string(CITYLOOM_SOURCE_DIR) + "/../shared/data";
  return std::filesystem::is_directory(folder) ? folder : std::string();
}

/// One declared mapping, bound to terms of its own.
class Bench {
 public:
  /// `yaml` is the value of "mapping", in flow or block style, for a push link (JSON).
  explicit Bench(const std::string& yaml) {
    std::string text = "links:\n  - name: test\n    kind: push\n    mapping:\n";
    size_t begin = 0;
    while (begin < yaml.size()) {
      const size_t end = std::min(yaml.find('\n', begin), yaml.size());
      text += "      " + yaml.substr(begin, end - begin) + "\n";
      begin = end + 1;
    }
    auto links = parse_links(text, "test.yaml");
    if (!links.ok()) {
      error = links.error();
      return;
    }
    auto bound = Mapper::bind(links->front().mappings, terms, "test");
    mapper.emplace(std::move(*bound));
  }

  Mapped map(std::string_view payload, std::string_view topic = {}) {
    return mapper->map(topic, payload, base::Instant::from_seconds(1'000));
  }

  /// The attribute of this short name in the first change, or nullptr.
  const twin::Attribute* find(const Mapped& mapped, std::string_view name) const {
    if (mapped.changes.empty()) return nullptr;
    const twin::Term term = terms.find(expand_name(name));
    for (const twin::Attribute& attribute : mapped.changes.front().attributes) {
      if (attribute.name == term) return &attribute;
    }
    return nullptr;
  }

  twin::TermTable terms;
  std::optional<Mapper> mapper;
  base::Error error;
};

}  // namespace cityloom::link::testing
