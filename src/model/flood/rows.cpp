// Chooses the step for the processor at run time.
//
// Kinds of processor that differ only in what is not used here are left out: each costs half a minute to compile.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "model/flood/rows.cpp"
#include <hwy/foreach_target.h>  // must come before the next

#include "model/flood/inertia-inl.hpp"
#include "model/flood/lanes-inl.hpp"
#include "model/flood/rows-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace cityloom::model::flood::HWY_NAMESPACE {

BlockResult<float> step_float(const Constants<float>& k, const BlockStep<float>& block, Scratch<float>& scratch) {
  return k.scheme == Scheme::full ? step_full_block(k, block, scratch) : step_inertia_block(k, block, scratch);
}
BlockResult<double> step_double(const Constants<double>& k, const BlockStep<double>& block, Scratch<double>& scratch) {
  return k.scheme == Scheme::full ? step_full_block(k, block, scratch) : step_inertia_block(k, block, scratch);
}
BlockResult<float> rest_float(const Constants<float>& k, const BlockStep<float>& block) {
  return rest_any_block(k, block);
}
BlockResult<double> rest_double(const Constants<double>& k, const BlockStep<double>& block) {
  return rest_any_block(k, block);
}

}  // namespace cityloom::model::flood::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace cityloom::model::flood {

HWY_EXPORT(step_float);
HWY_EXPORT(step_double);
HWY_EXPORT(rest_float);
HWY_EXPORT(rest_double);

BlockResult<float> step_block(const Constants<float>& constants, const BlockStep<float>& block,
                              Scratch<float>& scratch) {
  return HWY_DYNAMIC_DISPATCH(step_float)(constants, block, scratch);
}
BlockResult<double> step_block(const Constants<double>& constants, const BlockStep<double>& block,
                               Scratch<double>& scratch) {
  return HWY_DYNAMIC_DISPATCH(step_double)(constants, block, scratch);
}
BlockResult<float> rest_block(const Constants<float>& constants, const BlockStep<float>& block) {
  return HWY_DYNAMIC_DISPATCH(rest_float)(constants, block);
}
BlockResult<double> rest_block(const Constants<double>& constants, const BlockStep<double>& block) {
  return HWY_DYNAMIC_DISPATCH(rest_double)(constants, block);
}

}  // namespace cityloom::model::flood
#endif
