#include "twin/term.hpp"

#include <array>
#include <mutex>

namespace cityloom::twin {
namespace {

constexpr uint32_t own_terms_max = 65'536;                       // of a table over another
constexpr uint32_t terms_max = (16u << 20) - 1 - own_terms_max;  // of any other: its last number
constexpr size_t text_bytes_max = 2'048;
constexpr std::array<std::string_view, terms::reserved_count> reserved = {"@lifecycle",
                                                                          "@type",
                                                                          "@scope",
                                                                          "https://uri.etsi.org/ngsi-ld/location",
                                                                          "https://uri.etsi.org/ngsi-ld/observedAt",
                                                                          "https://uri.etsi.org/ngsi-ld/createdAt",
                                                                          "https://uri.etsi.org/ngsi-ld/modifiedAt"};

}  // namespace

TermTable::TermTable() {
  for (const std::string_view text : reserved) {
    texts_.emplace_back(text);
    numbers_.emplace(texts_.back(), static_cast<uint32_t>(texts_.size()));
  }
}

TermTable::TermTable(const TermTable* under) : under_(under) {}

base::Result<Term> TermTable::intern(std::string_view text) {
  const Term known = find(text);
  if (known != Term::unknown()) return known;
  if (text.empty()) return base::fail(base::Code::invalid, "a name may not be empty");
  if (text.size() > text_bytes_max) {
    return base::fail(base::Code::too_large, "a name is longer than 2,048 bytes", std::string(text.substr(0, 60)));
  }
  const std::unique_lock lock(mutex_);
  if (const auto found = numbers_.find(text); found != numbers_.end()) return Term{found->second};
  if (texts_.size() >= (under_ ? own_terms_max : terms_max)) {
    return base::fail(base::Code::too_large,
                      under_ ? "an answer of a source has more than 65,536 names that are new here"
                             : "this tenant has used up its 16 million different names",
                      std::string(text), "do not put values into attribute names or dataset ids");
  }
  texts_.emplace_back(text);
  const auto number = static_cast<uint32_t>(texts_.size()) + (under_ ? terms_max : 0);
  numbers_.emplace(texts_.back(), number);
  return Term{number};
}

Term TermTable::find(std::string_view text) const {
  if (under_) {
    if (const Term known = under_->find(text); known != Term::unknown()) return known;
  }
  const std::shared_lock lock(mutex_);
  const auto found = numbers_.find(text);
  return found == numbers_.end() ? Term::unknown() : Term{found->second};
}

std::string_view TermTable::text(Term term) const {
  if (under_ && term.number <= terms_max) return under_->text(term);
  const uint32_t place = term.number - (under_ ? terms_max : 0);
  const std::shared_lock lock(mutex_);
  if (place == 0 || place > texts_.size()) return {};
  return texts_[place - 1];
}

Term TermTable::settled(Term term) const {
  if (!under_ || term.number <= terms_max) return term;
  const Term known = under_->find(text(term));
  return known == Term::unknown() ? term : known;
}

uint32_t TermTable::last() const {
  const std::shared_lock lock(mutex_);
  return static_cast<uint32_t>(texts_.size());
}

base::Status TermTable::restore(Term term, std::string_view text) {
  const std::unique_lock lock(mutex_);
  if (term.number != texts_.size() + 1 || numbers_.contains(text)) {
    return base::fail(base::Code::corrupt, "the stored names do not follow each other", std::to_string(term.number),
                      "restore the record from a backup");
  }
  texts_.emplace_back(text);
  numbers_.emplace(texts_.back(), term.number);
  return {};
}

}  // namespace cityloom::twin
