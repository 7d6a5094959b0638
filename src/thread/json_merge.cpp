#include "thread/json_merge.hpp"

#include <rapidjson/document.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

namespace cityloom::thread {
namespace {

bool asks_removal(const rapidjson::Value& value) {
  return value.IsNull() ||
         (value.IsString() && std::string_view(value.GetString(), value.GetStringLength()) == "urn:ngsi-ld:null");
}

void merge_into(rapidjson::Value& target, const rapidjson::Value& patch, rapidjson::Document::AllocatorType& memory) {
  if (!patch.IsObject() || !target.IsObject()) {
    target.CopyFrom(patch, memory);
    return;
  }
  for (const auto& member : patch.GetObject()) {
    const auto found = target.FindMember(member.name);
    if (asks_removal(member.value)) {
      if (found != target.MemberEnd()) target.EraseMember(found);
    } else if (found != target.MemberEnd()) {
      merge_into(found->value, member.value, memory);
    } else {
      target.AddMember(rapidjson::Value(member.name, memory), rapidjson::Value(member.value, memory), memory);
    }
  }
}

}  // namespace

twin::Json merge_json(const twin::Json& present, const twin::Json& patch) {
  rapidjson::Document target;
  rapidjson::Document with;
  // Whole numbers and long decimals must come out as they went in.
  constexpr unsigned flags = rapidjson::kParseFullPrecisionFlag;
  if (target.Parse<flags>(present.text.data(), present.text.size()).HasParseError() ||
      with.Parse<flags>(patch.text.data(), patch.text.size()).HasParseError()) {
    return patch;
  }
  merge_into(target, with, target.GetAllocator());
  rapidjson::StringBuffer buffer;
  rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
  target.Accept(writer);
  return {std::string(buffer.GetString(), buffer.GetSize())};
}

}  // namespace cityloom::thread
