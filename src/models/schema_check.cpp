// Checking a value by a compiled schema.
#include <re2/re2.h>

#include <algorithm>
#include <cmath>

#include "models/schema.hpp"

namespace cityloom::models {
namespace {

std::string name_of(const Value& value) {
  switch (value.kind) {
    case Value::Kind::null:
      return "null";
    case Value::Kind::boolean:
      return "a boolean";
    case Value::Kind::number:
      return "a number";
    case Value::Kind::string:
      return "a text";
    case Value::Kind::array:
      return "an array";
    case Value::Kind::object:
    case Value::Kind::opaque:
      break;
  }
  return "an object";
}

std::string names_of(uint8_t kinds) {
  static constexpr std::pair<uint8_t, const char*> all[] = {
      {bit_of(Value::Kind::null), "null"},        {bit_of(Value::Kind::boolean), "a boolean"},
      {bit_of(Value::Kind::number), "a number"},  {integer_bit, "an integer"},
      {bit_of(Value::Kind::string), "a text"},    {bit_of(Value::Kind::array), "an array"},
      {bit_of(Value::Kind::object), "an object"},
  };
  std::string text;
  for (const auto& [bit, name] : all) {
    if ((kinds & bit) == 0) continue;
    if (!text.empty()) text += " or ";
    text += name;
  }
  return text;
}

std::string number_text(double number) {
  Value value;
  value.kind = Value::Kind::number;
  value.number = number;
  return short_text(value);
}

size_t letters_of(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

bool less(const Value& a, const Value& b) {
  return (a <=> b) < 0;
}

std::string_view name_of(SchemaNode::Format format) {
  using Format = SchemaNode::Format;
  switch (format) {
    case Format::date_time:
      return "a date-time such as 2026-11-22T08:05:00Z";
    case Format::date:
      return "a date such as 2026-11-22";
    case Format::time:
      return "a time such as 08:05:00Z";
    case Format::uri:
      return "a URI";
    case Format::email:
      return "an e-mail address";
    case Format::none:
      break;
  }
  return "a text";
}

}  // namespace

/// One check on its way. `findings` is nullptr where only yes or no is asked.
class SchemaCheck {
 public:
  SchemaCheck(const Schema& schema, const SchemaLimits& limits) : schema_(schema), limits_(limits) {}

  // Of an array or object: the items or members that schemas have looked at, for those that ask for the others.
  using Seen = std::vector<bool>;

  // `seen` is given where the caller asks for the others; what a schema that fails has marked says nothing.
  bool run(NodeIndex index, const Value& value, const std::string& path, std::vector<Finding>* findings,
           Seen* seen = nullptr) {
    if (value.kind == Value::Kind::opaque || !step(1)) return true;
    if (depth_ >= limits_.check_depth_max) {
      is_exhausted_ = true;
      return true;
    }
    ++depth_;
    const SchemaNode& node = schema_.node(index);
    const bool fits = of_kind(node, value, path, findings) && whole(node, value, path, findings, seen);
    --depth_;
    return fits;
  }

  bool is_exhausted() const { return is_exhausted_; }

 private:
  using Findings = std::vector<Finding>*;

  bool whole(const SchemaNode& node, const Value& value, const std::string& path, Findings findings, Seen* seen) {
    const std::optional<NodeIndex>& others =
        value.kind == Value::Kind::array ? node.unevaluated_items : node.unevaluated_properties;
    const bool asks = others && (value.kind == Value::Kind::array || value.kind == Value::Kind::object);
    Seen own;
    if (asks) own = nothing_of(value);
    Seen* const marks = asks ? &own : seen;
    bool fits = among(node, value, path, findings);
    if (value.kind == Value::Kind::number) fits &= number(node, value, path, findings);
    if (value.kind == Value::Kind::string) fits &= text(node, value, path, findings);
    if (value.kind == Value::Kind::array) fits &= array(node, value, path, findings, marks);
    if (value.kind == Value::Kind::object) fits &= object(node, value, path, findings, marks);
    fits &= combined(node, value, path, findings, marks);
    if (!asks || !fits) return fits;
    for (size_t i = 0; i < own.size() && goes_on(findings); ++i) {
      if (!own[i]) fits &= unevaluated(*others, value, i, path, findings);
    }
    // None is left for those around it.
    if (seen != nullptr) seen->assign(own.size(), true);
    return fits;
  }

  bool unevaluated(NodeIndex others, const Value& value, size_t i, const std::string& path, Findings findings) {
    const bool is_array = value.kind == Value::Kind::array;
    std::string at;
    if (findings != nullptr) at = is_array ? path + '[' + std::to_string(i) + ']' : below(path, value.names[i]);
    if (schema_.node(others).refuses_all) {
      return broken(findings, at, is_array ? "unevaluatedItems" : "unevaluatedProperties", "is not in the model");
    }
    return run(others, value.items[i], at, findings);
  }

  // What costs as much as an array or object is long counts as steps.
  Seen nothing_of(const Value& value) {
    step(value.items.size() / 16);
    return Seen(value.items.size(), false);
  }

  static void mark(Seen* seen, size_t i) {
    if (seen != nullptr) (*seen)[i] = true;
  }

  // A schema that may fail and let the one around it fit: only then does what it marked count.
  bool tried(NodeIndex index, const Value& value, const std::string& path, Seen* seen) {
    if (seen == nullptr) return run(index, value, path, nullptr);
    Seen marked = nothing_of(value);
    if (!run(index, value, path, nullptr, &marked)) return false;
    for (size_t i = 0; i < marked.size(); ++i) {
      if (marked[i]) mark(seen, i);
    }
    return true;
  }

  bool step(size_t steps) {
    steps_ += steps;
    if (steps_ > limits_.steps_max) is_exhausted_ = true;
    return !is_exhausted_;
  }

  static bool broken(Findings findings, const std::string& path, const char* rule, std::string what) {
    if (findings != nullptr && findings->size() < findings_max) findings->push_back({path, rule, std::move(what), {}});
    return false;
  }

  static bool of_kind(const SchemaNode& node, const Value& value, const std::string& path, Findings findings) {
    if (node.refuses_all) return broken(findings, path, "false", "must not be there");
    if (node.kinds == 0 || (node.kinds & bit_of(value.kind)) != 0) return true;
    if ((node.kinds & integer_bit) != 0 && value.is_integer()) return true;
    return broken(findings, path, "type",
                  "must be " + names_of(node.kinds) + ", is " +
                      (value.kind == Value::Kind::number ? short_text(value) : name_of(value)));
  }

  bool among(const SchemaNode& node, const Value& value, const std::string& path, Findings findings) {
    bool fits = true;
    if (node.constant && *node.constant != value)
      fits = broken(findings, path, "const", "must be " + short_text(*node.constant) + ", is " + short_text(value));
    if (node.choices && !std::binary_search(node.choices->begin(), node.choices->end(), value, less)) {
      std::string choices;
      for (const Value& choice : *node.choices) {
        if (choices.size() > 200) {
          choices += ", ...";
          break;
        }
        choices += (choices.empty() ? "" : ", ") + short_text(choice);
      }
      fits = broken(findings, path, "enum", "must be one of " + choices + "; is " + short_text(value));
    }
    return fits;
  }

  static bool number(const SchemaNode& node, const Value& value, const std::string& path, Findings findings) {
    const double n = value.number;
    const auto is = [&] { return ", is " + number_text(n); };
    bool fits = true;
    if (node.minimum && n < *node.minimum)
      fits = broken(findings, path, "minimum", "must be at least " + number_text(*node.minimum) + is());
    if (node.maximum && n > *node.maximum)
      fits = broken(findings, path, "maximum", "must be at most " + number_text(*node.maximum) + is());
    if (node.above && n <= *node.above)
      fits = broken(findings, path, "exclusiveMinimum", "must be above " + number_text(*node.above) + is());
    if (node.below && n >= *node.below)
      fits = broken(findings, path, "exclusiveMaximum", "must be below " + number_text(*node.below) + is());
    if (node.multiple_of) {
      // 0.3 is a multiple of 0.1, though not in binary.
      const double times = n / *node.multiple_of;
      const double off = std::abs(times - std::round(times));
      if (!std::isfinite(times) || off > 1e-9 * std::max(1.0, std::abs(times))) {
        fits = broken(findings, path, "multipleOf", "must be a multiple of " + number_text(*node.multiple_of) + is());
      }
    }
    return fits;
  }

  bool text(const SchemaNode& node, const Value& value, const std::string& path, Findings findings) {
    bool fits = true;
    if (node.length_min || node.length_max) {
      const size_t letters = letters_of(value.text);
      const std::string has = ", has " + std::to_string(letters);
      if (node.length_min && letters < *node.length_min)
        fits = broken(findings, path, "minLength",
                      "must have at least " + std::to_string(*node.length_min) + " characters" + has);
      if (node.length_max && letters > *node.length_max)
        fits = broken(findings, path, "maxLength",
                      "must have at most " + std::to_string(*node.length_max) + " characters" + has);
    }
    if (node.pattern && step(value.text.size() / 16) && !twin::found_in(*node.pattern, value.text)) {
      fits =
          broken(findings, path, "pattern",
                 "must match " + std::string(beginning((*node.pattern)->pattern(), 100)) + ", is " + short_text(value));
    }
    if (!is_of_format(node.format, value.text))
      fits = broken(findings, path, "format",
                    "must be " + std::string(name_of(node.format)) + ", is " + short_text(value));
    return fits;
  }

  bool array(const SchemaNode& node, const Value& value, const std::string& path, Findings findings, Seen* seen) {
    bool fits = lengths(node, value, path, findings);
    if (node.contains) fits &= contains(node, value, path, findings, seen);
    for (size_t i = 0; i < value.items.size() && goes_on(findings); ++i) {
      const std::string at = findings == nullptr ? std::string() : path + '[' + std::to_string(i) + ']';
      if (i < node.first_items.size()) {
        fits &= run(node.first_items[i], value.items[i], at, findings);
      } else if (node.items) {
        fits &= run(*node.items, value.items[i], at, findings);
      } else {
        break;
      }
      mark(seen, i);
    }
    return fits;
  }

  bool contains(const SchemaNode& node, const Value& value, const std::string& path, Findings findings, Seen* seen) {
    size_t count = 0;
    for (size_t i = 0; i < value.items.size() && !is_exhausted_; ++i) {
      if (!run(*node.contains, value.items[i], path, nullptr)) continue;
      ++count;
      mark(seen, i);
    }
    const size_t least = node.contains_min.value_or(1);
    const std::string has = " items that fit, has " + std::to_string(count);
    if (is_exhausted_) return true;
    bool fits = true;
    if (count < least)
      fits = broken(findings, path, node.contains_min ? "minContains" : "contains",
                    "must have at least " + std::to_string(least) + has);
    if (node.contains_max && count > *node.contains_max)
      fits = broken(findings, path, "maxContains", "must have at most " + std::to_string(*node.contains_max) + has);
    return fits;
  }

  bool lengths(const SchemaNode& node, const Value& value, const std::string& path, Findings findings) {
    bool fits = true;
    const std::string has = ", has " + std::to_string(value.items.size());
    if (node.items_min && value.items.size() < *node.items_min)
      fits =
          broken(findings, path, "minItems", "must have at least " + std::to_string(*node.items_min) + " items" + has);
    if (node.items_max && value.items.size() > *node.items_max)
      fits =
          broken(findings, path, "maxItems", "must have at most " + std::to_string(*node.items_max) + " items" + has);
    if (node.unique_items && step(value.items.size())) {
      std::vector<const Value*> sorted;
      for (const Value& item : value.items) sorted.push_back(&item);
      std::sort(sorted.begin(), sorted.end(), [](const Value* a, const Value* b) { return less(*a, *b); });
      const auto equal =
          std::adjacent_find(sorted.begin(), sorted.end(), [](const Value* a, const Value* b) { return *a == *b; });
      if (equal != sorted.end())
        fits = broken(findings, path, "uniqueItems", "must not hold " + short_text(**equal) + " twice");
    }
    return fits;
  }

  bool goes_on(Findings findings) const {
    return !is_exhausted_ && (findings == nullptr || findings->size() < findings_max);
  }

  static std::string below(const std::string& path, const std::string& name) {
    return path.empty() ? name : path + '.' + name;
  }

  bool object(const SchemaNode& node, const Value& value, const std::string& path, Findings findings, Seen* seen) {
    bool fits = true;
    const std::string has = ", has " + std::to_string(value.items.size());
    if (node.members_min && value.items.size() < *node.members_min)
      fits = broken(findings, path, "minProperties",
                    "must have at least " + std::to_string(*node.members_min) + " members" + has);
    if (node.members_max && value.items.size() > *node.members_max)
      fits = broken(findings, path, "maxProperties",
                    "must have at most " + std::to_string(*node.members_max) + " members" + has);
    if (step(node.required.size())) fits &= has_all(node.required, value, path, "required", findings);
    for (const auto& [name, names] : node.dependent_required) {
      if (step(names.size()) && value.find(name) != nullptr)
        fits &= has_all(names, value, path, "dependentRequired", findings);
    }
    for (const SchemaNode::Named& one : node.dependent_schemas) {
      if (value.find(one.name) != nullptr) fits &= run(one.node, value, path, findings, seen);
    }
    const bool looks_at_each =
        !node.properties.empty() || !node.pattern_properties.empty() || node.additional || node.property_names;
    for (size_t i = 0; looks_at_each && i < value.items.size() && goes_on(findings); ++i) {
      fits &= member(node, value, i, path, findings, seen);
    }
    return fits;
  }

  static bool has_all(const std::vector<std::string>& names, const Value& value, const std::string& path,
                      const char* rule, Findings findings) {
    bool fits = true;
    for (const std::string& name : names) {
      if (value.find(name) == nullptr) fits = broken(findings, below(path, name), rule, "is missing");
    }
    return fits;
  }

  bool member(const SchemaNode& node, const Value& whole, size_t i, const std::string& path, Findings findings,
              Seen* seen) {
    const std::string& name = whole.names[i];
    const Value& value = whole.items[i];
    const std::string at = findings == nullptr ? std::string() : below(path, name);
    bool fits = true;
    if (node.property_names) {
      Value text;
      text.kind = Value::Kind::string;
      text.text = name;
      if (!run(*node.property_names, text, at, nullptr))
        fits = broken(findings, at, "propertyNames", "has a name that is not allowed");
    }
    bool is_known = false;
    const auto found =
        std::lower_bound(node.properties.begin(), node.properties.end(), name,
                         [](const SchemaNode::Named& one, const std::string& other) { return one.name < other; });
    if (found != node.properties.end() && found->name == name) {
      is_known = true;
      fits &= run(found->node, value, at, findings);
    }
    for (const auto& [pattern, schema] : node.pattern_properties) {
      if (!step(1 + name.size() / 16) || !twin::found_in(pattern, name)) continue;
      is_known = true;
      fits &= run(schema, value, at, findings);
    }
    if (is_known || node.additional) mark(seen, i);
    if (is_known || !node.additional) return fits;
    if (schema_.node(*node.additional).refuses_all)
      return broken(findings, at, "additionalProperties", "is not in the model");
    return run(*node.additional, value, at, findings) && fits;
  }

  bool combined(const SchemaNode& node, const Value& value, const std::string& path, Findings findings, Seen* seen) {
    bool fits = !node.reference || run(*node.reference, value, path, findings, seen);
    for (const NodeIndex one : node.all_of) fits &= run(one, value, path, findings, seen);
    if (!node.any_of.empty()) {
      // Each that fits marks what it has looked at, where that is asked for.
      bool any = false;
      for (const NodeIndex one : node.any_of) {
        if (!any || seen != nullptr) any |= tried(one, value, path, seen);
      }
      if (!any) fits = none_fits(node.any_of, value, path, "anyOf", findings);
    }
    if (!node.one_of.empty()) {
      const auto fitting = std::count_if(node.one_of.begin(), node.one_of.end(),
                                         [&](NodeIndex one) { return tried(one, value, path, seen); });
      if (fitting == 0) fits = none_fits(node.one_of, value, path, "oneOf", findings);
      if (fitting > 1 && !is_exhausted_) {
        fits = broken(
            findings, path, "oneOf",
            "must fit one of " + std::to_string(node.one_of.size()) + " alternatives, fits " + std::to_string(fitting));
      }
    }
    if (node.none_of && run(*node.none_of, value, path, nullptr) && !is_exhausted_)
      fits = broken(findings, path, "not", "must not be as it is");
    if (node.condition) {
      const auto& next = tried(*node.condition, value, path, seen) ? node.then : node.otherwise;
      if (next) fits &= run(*next, value, path, findings, seen);
    }
    return fits;
  }

  // Of a single alternative that is meant for such a value, what is wrong with it is what helps.
  bool none_fits(const std::vector<NodeIndex>& alternatives, const Value& value, const std::string& path,
                 const char* rule, Findings findings) {
    if (findings == nullptr) return false;
    std::optional<NodeIndex> meant;
    size_t of_its_kind = 0;
    for (const NodeIndex one : alternatives) {
      if (!of_kind(schema_.node(one), value, path, nullptr)) continue;
      ++of_its_kind;
      meant = one;
    }
    if (of_its_kind == 1) return run(*meant, value, path, findings);
    return broken(findings, path, rule, "fits none of " + std::to_string(alternatives.size()) + " alternatives");
  }

  const Schema& schema_;
  const SchemaLimits& limits_;
  size_t steps_ = 0;
  size_t depth_ = 0;
  bool is_exhausted_ = false;
};

void Schema::check(NodeIndex index, const Value& value, const std::string& path, std::vector<Finding>& findings) const {
  SchemaCheck check(*this, limits_);
  check.run(index, value, path, &findings);
  if (check.is_exhausted() && findings.size() < findings_max)
    findings.push_back({path, "steps", "takes too many steps to be checked by its model", {}});
}

std::string Finding::text() const {
  std::string line = path.empty() ? what : path + ": " + what;
  if (!nearest.empty()) line += "; nearest: " + nearest;
  return line;
}

}  // namespace cityloom::models
