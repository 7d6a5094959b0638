// attrs, pick and omit. ETSI GS CIM 009 clause 4.21.
#include <algorithm>

#include "ngsi/query.hpp"
#include "ngsi/syntax.hpp"

namespace cityloom::ngsi {
namespace {

using base::Code;
using base::fail;
using base::Status;

constexpr size_t names_max = 1'000;

/// Reads one of the lists: names with commas or bars between, each of which may hold a list of its own in braces, which
/// is of the entities that the relationship of this name leads to.
class ListReader {
 public:
  ListReader(std::string_view text, std::string_view parameter, const Context& context, const TermOf& terms,
             unsigned links_max)
      : text_(text), parameter_(parameter), context_(context), terms_(terms), links_max_(links_max) {}

  Status read(Projection& to) {
    if (Status status = list(to, 0); !status) return status;
    return at_ == text_.size() ? Status() : error("a comma or the end is missing after '" + before() + "'");
  }

 private:
  bool picks() const { return parameter_ == "pick"; }
  base::Error error(std::string what, std::string remedy = {}) const {
    return fail(Code::invalid, std::move(what), std::string(parameter_), std::move(remedy));
  }
  std::string before() const {
    const size_t from = at_ > 20 ? at_ - 20 : 0;
    return std::string(text_.substr(from, at_ - from));
  }

  Status list(Projection& to, unsigned links) {
    if (picks()) {
      to.pick_given = true;
      to.keeps_id = to.keeps_type = to.keeps_scope = false;
    }
    while (true) {
      if (Status status = item(to, links); !status) return status;
      if (at_ == text_.size() || (text_[at_] != ',' && text_[at_] != '|')) return {};
      ++at_;
    }
  }

  Status item(Projection& to, unsigned links) {
    const size_t end = std::min(text_.find_first_of(",|{}", at_), text_.size());
    const std::string_view name = text_.substr(at_, end - at_);
    at_ = end;
    if (name.empty()) return error("an empty name in the list");
    if (++names_ > names_max) return fail(Code::too_complex, "too many names in the list", std::string(parameter_));
    const bool has_list = at_ < text_.size() && text_[at_] == '{';
    bool* const keeps = name == "id" || name == "@id"       ? &to.keeps_id
                        : name == "type" || name == "@type" ? &to.keeps_type
                        : name == "scope"                   ? &to.keeps_scope
                                                            : nullptr;
    if (keeps != nullptr && !has_list) {
      *keeps = picks();
      return {};
    }
    if (keeps != nullptr || !is_name(name))
      return error("not the name of an entity's member: " + std::string(name.substr(0, 60)));
    const twin::Term term = terms_(context_.expand(name));
    if (!has_list) {
      (picks() ? to.pick : to.omit).push_back(term);
      return {};
    }
    return inner_list(to, term, links + 1);
  }

  // What is left out of a linked entity leaves the relationship itself.
  Status inner_list(Projection& to, twin::Term term, unsigned links) {
    if (links > links_max_) {
      return links_max_ == 0
                 ? error("members of linked entities are given by retrieve and query only", "add join there")
                 : error("more than " + std::to_string(links_max_) + " links deep");
    }
    if (picks()) to.pick.push_back(term);
    auto inner =
        std::find_if(to.linked.begin(), to.linked.end(), [&](const Projection& one) { return one.link == term; });
    if (inner == to.linked.end()) {
      inner = to.linked.emplace(to.linked.end());
      inner->link = term;
    }
    ++at_;
    if (Status status = list(*inner, links); !status) return status;
    if (at_ == text_.size() || text_[at_] != '}') return error("a brace is not closed");
    ++at_;
    return {};
  }

  const std::string_view text_;
  const std::string_view parameter_;
  const Context& context_;
  const TermOf& terms_;
  const unsigned links_max_;
  size_t at_ = 0;
  size_t names_ = 0;
};

// No member may be both picked and left out, at any depth.
Status check_disjoint(const Projection& projection) {
  for (const twin::Term name : projection.omit) {
    const bool is_picked = std::find(projection.pick.begin(), projection.pick.end(), name) != projection.pick.end();
    if (is_picked && name != twin::Term::unknown()) return fail(Code::invalid, "names what pick names too", "omit");
  }
  for (const Projection& inner : projection.linked) {
    if (Status status = check_disjoint(inner); !status) return status;
  }
  return {};
}

}  // namespace

base::Result<Projection> parse_projection(const std::optional<std::string>& attrs,
                                          const std::optional<std::string>& pick,
                                          const std::optional<std::string>& omit, const Context& context,
                                          const TermOf& terms, unsigned links_max) {
  if (attrs && (pick || omit)) return fail(Code::invalid, "attrs does not go together with pick or omit", "attrs");
  Projection projection;
  if (attrs) {
    auto names = attribute_terms(*attrs, context, terms, "attrs");
    if (!names) return names.error();
    projection.pick = std::move(*names);
    projection.pick_given = true;
  }
  if (pick) {
    if (Status status = ListReader(*pick, "pick", context, terms, links_max).read(projection); !status)
      return status.error();
  }
  if (omit) {
    if (Status status = ListReader(*omit, "omit", context, terms, links_max).read(projection); !status)
      return status.error();
  }
  if (Status status = check_disjoint(projection); !status) return status.error();
  return projection;
}

}  // namespace cityloom::ngsi
