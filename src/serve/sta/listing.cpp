#include "serve/sta/listing.hpp"

#include <algorithm>
#include <map>

#include "ngsi/json.hpp"

namespace cityloom::serve::sta {
namespace {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

bool is_path(const Expression& expression, std::string_view name) {
  return expression.is_path() && expression.path.size() == 1 && expression.path[0] == name;
}

// Narrows a window by what every match satisfies: comparisons of phenomenonTime that are joined by "and".
void narrow(const Expression& filter, ObservationWindow& window) {
  if (filter.operation == Operation::logical_and) {
    for (const Expression& one : filter.arguments) narrow(one, window);
    return;
  }
  if (filter.arguments.size() != 2 || !is_path(filter.arguments[0], "phenomenonTime")) return;
  const auto* at = std::get_if<base::Instant>(&filter.arguments[1].literal);
  if (!filter.arguments[1].is_literal() || at == nullptr) return;
  const auto from = [&](int64_t us) { window.from = std::max(window.from, base::Instant{us}); };
  const auto to = [&](int64_t us) {
    if (!window.to.exists() || us < window.to.microseconds) window.to = {us};
  };
  // The time by which observations are kept is the end of an interval.
  if (filter.operation == Operation::greater) from(at->microseconds + 1);
  if (filter.operation == Operation::greater_or_equal || filter.operation == Operation::equal) from(at->microseconds);
  if (filter.operation == Operation::less) to(at->microseconds);
  if (filter.operation == Operation::less_or_equal || filter.operation == Operation::equal) to(at->microseconds + 1);
}

bool is_stream(const Source& source) {
  return source.from != nullptr && source.from->kind == Kind::datastream && source.way->to == Kind::observation;
}

class Lister {
 public:
  Lister(const Source& source, const Options& options, const Answering& with)
      : source_(source), options_(options), with_(with) {
    const size_t most = source.kind == Kind::observation ? top_max * 10 : top_max;
    listing_.top = std::min(options.top.value_or(top_default), most);
    sorts_ = !options.order.empty();
    if (is_stream(source) && options.order.size() == 1 && is_path(options.order[0].by, "phenomenonTime")) {
      window_.descending = options.order[0].descending;
      sorts_ = false;
    }
    const bool by_time = options.order.size() == 1 && is_path(options.order[0].by, "phenomenonTime");
    if (is_every_observation()) {
      window_.descending = by_time && options.order[0].descending;
      // Merged from the streams: each gives no more than what the page can hold.
      if (by_time && !options.count) stream_most_ = options.skip + listing_.top + 1;
    }
    if ((is_stream(source) || is_every_observation()) && options.filter) narrow(*options.filter, window_);
    counts_by_walk_ = options.count && (options.filter || !is_stream(source));
  }

  Result<Listing> run() {
    const Visit visit = [this](const Node& node) { return take(node); };
    Status walked;
    if (is_stream(source_)) {
      walked = with_.model.observations(*source_.from, window_, visit);
    } else if (is_every_observation()) {
      walked = every_observation();
    } else if (source_.from != nullptr) {
      walked = with_.model.related(*source_.from, *source_.way, visit);
    } else {
      walked = with_.model.each(source_.kind, visit);
    }
    if (!failed_.ok()) return failed_.error();
    if (!walked.ok()) return walked.error();
    if (sorts_) finish_order();
    if (options_.count) {
      listing_.count = matched_;
      if (!counts_by_walk_) {
        const auto count = with_.model.count_observations(*source_.from);
        if (!count.ok()) return count.error();
        listing_.count = *count;
      }
    }
    return std::move(listing_);
  }

 private:
  struct Ordered {
    std::vector<Value> keys;
    Node node;
    uint64_t number = 0;  // in the order in which they came, for those that are equal
  };

  bool is_every_observation() const { return source_.from == nullptr && source_.kind == Kind::observation; }

  Status every_observation() {
    Status inner;
    const auto walked = with_.model.each(Kind::datastream, [&](const Node& stream) {
      const uint64_t most = matched_ + stream_most_;
      bool goes = true;
      inner = with_.model.observations(stream, window_, [&](const Node& node) {
        goes = take(node);
        return goes && (stream_most_ == 0 || matched_ < most);
      });
      return inner.ok() && goes;
    });
    return inner.ok() ? walked : inner;
  }

  bool fails(base::Error error) {
    failed_ = std::move(error);
    return false;
  }

  bool take(const Node& node) {
    if (!with_.model.goes_on()) return fails(fail(Code::cancelled, "the time is over"));
    if (options_.filter) {
      const auto matches = holds(*options_.filter, node, with_.model, with_.now);
      if (!matches.ok()) return fails(matches.error());
      if (!*matches) return true;
    }
    ++matched_;
    if (sorts_) return keep(node);
    if (matched_ <= options_.skip) return true;
    if (listing_.nodes.size() < listing_.top) {
      listing_.nodes.push_back(node);
      return true;
    }
    listing_.more = true;
    return counts_by_walk_;
  }

  bool keep(const Node& node) {
    const size_t needed = options_.skip + listing_.top + 1;
    if (needed > ordered_max) {
      return fails(fail(Code::too_complex, "an ordered answer gives the first 100,000 resources at most", "$skip",
                        "narrow them by $filter"));
    }
    Ordered made{{}, node, matched_};
    for (const OrderKey& key : options_.order) {
      auto values = evaluate(key.by, node, with_.model, with_.now);
      if (!values.ok()) return fails(values.error());
      made.keys.push_back(values->empty() ? Value(Nothing{}) : std::move(values->front()));
    }
    ordered_.push_back(std::move(made));
    if (ordered_.size() >= 2 * needed + 1'000) put_in_order(needed);
    return true;
  }

  bool is_before(const Ordered& left, const Ordered& right) const {
    for (size_t i = 0; i < options_.order.size(); ++i) {
      const bool down = options_.order[i].descending;
      const Value& a = down ? right.keys[i] : left.keys[i];
      const Value& b = down ? left.keys[i] : right.keys[i];
      if (stands_before(a, b)) return true;
      if (stands_before(b, a)) return false;
    }
    return left.number < right.number;
  }

  // The first so many, in order; the rest is let go of.
  void put_in_order(size_t most) {
    std::sort(ordered_.begin(), ordered_.end(),
              [this](const Ordered& left, const Ordered& right) { return is_before(left, right); });
    if (ordered_.size() > most) ordered_.erase(ordered_.begin() + static_cast<std::ptrdiff_t>(most), ordered_.end());
  }

  void finish_order() {
    put_in_order(ordered_.size());
    for (size_t i = options_.skip; i < ordered_.size(); ++i) {
      if (listing_.nodes.size() == listing_.top) {
        listing_.more = true;
        break;
      }
      listing_.nodes.push_back(std::move(ordered_[i].node));
    }
  }

  const Source& source_;
  const Options& options_;
  const Answering& with_;
  ObservationWindow window_;
  bool sorts_ = false;
  bool counts_by_walk_ = false;
  size_t stream_most_ = 0;  // observations of one datastream; 0: all of them
  uint64_t matched_ = 0;
  std::vector<Ordered> ordered_;
  Status failed_;
  Listing listing_;
};

bool selects(const Options& options, std::string_view name) {
  return options.select.empty() ||
         std::find(options.select.begin(), options.select.end(), name) != options.select.end();
}

Status check_select(Kind kind, const Options& options) {
  const KindForm& form = form_of(kind);
  for (const std::string& name : options.select) {
    const bool is_known = name == "id" || name == "selfLink" || name.starts_with("@iot.") ||
                          find_navigation(kind, name) != nullptr ||
                          std::find(form.properties.begin(), form.properties.end(), name) != form.properties.end();
    if (!is_known) {
      return fail(Code::invalid, "there is no property of this name in " + std::string(form.set), name.substr(0, 100),
                  "check the spelling of $select");
    }
  }
  return {};
}

// What is written although it has no value: what the standard always has.
bool is_needed(std::string_view name) {
  static constexpr std::string_view optional[] = {"properties",    "observedArea", "phenomenonTime",
                                                  "resultQuality", "validTime",    "parameters"};
  return std::find(std::begin(optional), std::end(optional), name) == std::end(optional);
}

void append_key(std::string_view name, std::string_view ending, bool& is_first, std::string& to) {
  if (!is_first) to += ',';
  is_first = false;
  ngsi::append_quoted(std::string(name) + std::string(ending), to);
  to += ':';
}

}  // namespace

Result<Listing> list(const Source& source, const Options& options, const Answering& with) {
  return Lister(source, options, with).run();
}

std::string address_of(const Answering& with, Kind kind, std::string_view id) {
  std::string quoted;
  for (const char c : id) quoted += c == '\'' ? "''" : std::string(1, c);
  return with.root + "/" + std::string(form_of(kind).set) + "('" + percent_encoded(quoted) + "')";
}

std::string query_text(const Options& options, size_t skip) {
  std::string text;
  for (const auto& [name, value] : options.written) text += name + "=" + percent_encoded(value) + "&";
  if (options.top) text += "$top=" + std::to_string(*options.top) + "&";
  return text + "$skip=" + std::to_string(skip);
}

Status Writer::append(const Node& node, const Options& options, std::string& to) {
  if (++written_ > written_max) {
    return fail(Code::too_large, "the answer would hold more than 20,000 resources", "$expand", "ask for less at once");
  }
  if (to.size() > written_bytes_max) {
    return fail(Code::too_large, "the answer would have more than 64 MiB", "$top", "ask for less at once");
  }
  if (const auto status = check_select(node.kind, options); !status.ok()) return status;
  to += '{';
  bool is_first = true;
  const std::string address = address_of(with_, node.kind, node.id);
  if (selects(options, "selfLink") || selects(options, "@iot.selfLink")) {
    append_key("@iot.selfLink", "", is_first, to);
    ngsi::append_quoted(address, to);
  }
  if (selects(options, "id") || selects(options, "@iot.id")) {
    append_key("@iot.id", "", is_first, to);
    ngsi::append_quoted(node.id, to);
  }
  for (const std::string_view name : form_of(node.kind).properties) {
    if (!selects(options, name)) continue;
    // A stretch of instants is all that both times of a datastream can say without looking at each observation.
    const auto value = with_.model.property(node, name);
    if (!value.ok()) return value.error();
    if (is_nothing(*value) && (!is_needed(name) || (node.kind == Kind::datastream && name == "resultTime"))) continue;
    append_key(name, "", is_first, to);
    append_json(*value, to);
  }
  if (const auto status = append_ways(node, options, is_first, to); !status.ok()) return status;
  to += '}';
  return {};
}

Status Writer::append_ways(const Node& node, const Options& options, bool& is_first, std::string& to) {
  for (const Expand& expand : options.expand) {
    if (find_navigation(node.kind, expand.name) == nullptr) {
      return fail(Code::invalid, "there is nothing of this name to expand in " + std::string(form_of(node.kind).set),
                  expand.name.substr(0, 100), "check its spelling");
    }
  }
  const std::string address = address_of(with_, node.kind, node.id);
  for (const Navigation& way : form_of(node.kind).navigations) {
    const auto expand = std::find_if(options.expand.begin(), options.expand.end(),
                                     [&](const Expand& one) { return one.name == way.name; });
    if (expand == options.expand.end()) {
      if (!selects(options, way.name)) continue;
      append_key(way.name, "@iot.navigationLink", is_first, to);
      ngsi::append_quoted(address + "/" + std::string(way.name), to);
      continue;
    }
    std::string inner;
    if (const auto status = append_expanded(node, way, *expand, inner); !status.ok()) return status;
    if (!is_first) to += ',';
    is_first = false;
    to += inner;
  }
  return {};
}

Status Writer::append_expanded(const Node& node, const Navigation& way, const Expand& expand, std::string& to) {
  bool is_first = true;
  const auto listing = list({way.to, &node, &way}, expand.options, with_);
  if (!listing.ok()) return listing.error();
  if (!way.is_many) {
    append_key(way.name, "", is_first, to);
    if (listing->nodes.empty()) {
      to += "null";
      return {};
    }
    return append(listing->nodes.front(), expand.options, to);
  }
  if (listing->count) {
    append_key(way.name, "@iot.count", is_first, to);
    to += std::to_string(*listing->count);
  }
  append_key(way.name, "", is_first, to);
  to += '[';
  if (const auto status = append_items(*listing, expand.options, to); !status.ok()) return status;
  to += ']';
  if (listing->more && listing->top > 0) {
    append_key(way.name, "@iot.nextLink", is_first, to);
    ngsi::append_quoted(address_of(with_, node.kind, node.id) + "/" + std::string(way.name) + "?" +
                            query_text(expand.options, expand.options.skip + listing->top),
                        to);
  }
  return {};
}

Status Writer::append_items(const Listing& listing, const Options& options, std::string& to) {
  bool is_first = true;
  for (const Node& node : listing.nodes) {
    if (!with_.model.goes_on()) return fail(Code::cancelled, "the time is over");
    if (!is_first) to += ',';
    is_first = false;
    if (const auto status = append(node, options, to); !status.ok()) return status;
  }
  return {};
}

Status Writer::append_arrays(const Listing& listing, const Options& options, std::string& to) {
  std::vector<std::string> components = options.select;
  if (components.empty()) components = {"id", "phenomenonTime", "resultTime", "result"};
  std::map<std::string, std::vector<const Node*>> by_stream;
  for (const Node& node : listing.nodes) by_stream[node.id.substr(0, node.id.rfind(';'))].push_back(&node);
  bool is_first = true;
  for (const auto& [stream, nodes] : by_stream) {
    to += is_first ? "{" : ",{";
    is_first = false;
    to += R"("Datastream@iot.navigationLink":)";
    ngsi::append_quoted(address_of(with_, Kind::datastream, stream), to);
    to += R"(,"components":[)";
    for (size_t i = 0; i < components.size(); ++i) {
      if (i > 0) to += ',';
      ngsi::append_quoted(components[i], to);
    }
    to += R"(],"dataArray@iot.count":)" + std::to_string(nodes.size()) + R"(,"dataArray":[)";
    for (size_t row = 0; row < nodes.size(); ++row) {
      to += row == 0 ? "[" : ",[";
      for (size_t i = 0; i < components.size(); ++i) {
        const auto value = with_.model.property(*nodes[row], components[i]);
        if (!value.ok()) return value.error();
        if (i > 0) to += ',';
        append_json(*value, to);
      }
      to += ']';
    }
    to += "]}";
  }
  return {};
}

}  // namespace cityloom::serve::sta
