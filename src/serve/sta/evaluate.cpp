#include "serve/sta/evaluate.hpp"

#include <algorithm>

namespace cityloom::serve::sta {
namespace {

using base::Code;
using base::fail;
using base::Result;
using base::Status;

using Values = std::vector<Value>;

bool is_property(Kind kind, std::string_view name) {
  const auto& properties = form_of(kind).properties;
  return name == "id" || name == "@iot.id" || std::find(properties.begin(), properties.end(), name) != properties.end();
}

class Evaluator {
 public:
  Evaluator(const Model& model, base::Instant now) : model_(model), now_(now) {}

  Result<Values> values(const Expression& expression, const Node& node) {
    if (expression.is_literal()) return Values{expression.literal};
    if (expression.is_path()) {
      Values found;
      if (const auto status = follow(expression.path, 0, node, found); !status.ok()) return status.error();
      return found;
    }
    if (expression.operation <= Operation::logical_not) return logic(expression, node);
    std::vector<Values> arguments;
    for (const Expression& argument : expression.arguments) {
      auto read = values(argument, node);
      if (!read.ok()) return read;
      // A path through an empty set leads to no value at all.
      if (read->empty()) read->push_back(Nothing{});
      arguments.push_back(std::move(*read));
    }
    return each_combination(expression.operation, arguments);
  }

  Result<bool> holds(const Expression& expression, const Node& node) {
    const auto read = values(expression, node);
    if (!read.ok()) return read.error();
    for (const Value& value : *read) {
      if (const auto* flag = std::get_if<bool>(&value); flag != nullptr && *flag) return true;
    }
    return false;
  }

 private:
  Result<Values> logic(const Expression& expression, const Node& node) {
    const bool is_or = expression.operation == Operation::logical_or;
    for (const Expression& argument : expression.arguments) {
      const auto one = holds(argument, node);
      if (!one.ok()) return one.error();
      if (expression.operation == Operation::logical_not) return Values{!*one};
      if (*one == is_or) return Values{is_or};
    }
    return Values{!is_or};
  }

  Result<Values> each_combination(Operation operation, const std::vector<Values>& arguments) {
    size_t count = 1;
    for (const Values& one : arguments) count *= one.size();
    if (count > path_values_max) return too_many();
    Values made;
    std::vector<Value> chosen(arguments.size());
    for (size_t i = 0; i < count; ++i) {
      size_t rest = i;
      for (size_t k = 0; k < arguments.size(); ++k) {
        chosen[k] = arguments[k][rest % arguments[k].size()];
        rest /= arguments[k].size();
      }
      auto value = apply(operation, chosen, now_);
      if (!value.ok()) return value.error();
      made.push_back(std::move(*value));
    }
    return made;
  }

  static base::Error too_many() {
    return fail(Code::too_complex, "a path leads to more than 10,000 values of one resource", "$filter",
                "ask from the other side, for example for Observations by their Datastream");
  }

  Status follow(const std::vector<std::string>& path, size_t at, const Node& node, Values& to) {
    const std::string& name = path[at];
    if (const Navigation* way = find_navigation(node.kind, name)) {
      if (at + 1 == path.size()) return fail(Code::invalid, "a property of it is needed", name);
      Status inner;
      const auto status = model_.related(node, *way, [&](const Node& one) {
        inner = follow(path, at + 1, one, to);
        if (inner.ok() && to.size() > path_values_max) inner = too_many();
        return inner.ok();
      });
      return inner.ok() ? status : inner;
    }
    if (!is_property(node.kind, name)) {
      return fail(Code::invalid, "there is no property or way of this name in " + std::string(form_of(node.kind).set),
                  name.substr(0, 100), "check its spelling");
    }
    auto value = model_.property(node, name);
    if (!value.ok()) return value.error();
    for (size_t i = at + 1; i < path.size(); ++i) {
      const auto* json = std::get_if<twin::Json>(&*value);
      value = json != nullptr ? member_of(*json, path[i]) : Value(Nothing{});
    }
    to.push_back(std::move(*value));
    return {};
  }

  const Model& model_;
  base::Instant now_;
};

}  // namespace

Result<std::vector<Value>> evaluate(const Expression& expression, const Node& node, const Model& model,
                                    base::Instant now) {
  return Evaluator(model, now).values(expression, node);
}

Result<bool> holds(const Expression& expression, const Node& node, const Model& model, base::Instant now) {
  return Evaluator(model, now).holds(expression, node);
}

}  // namespace cityloom::serve::sta
