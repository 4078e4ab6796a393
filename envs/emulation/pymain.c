/* Preloaded into panda3d's deploy-stub, an aarch64 program that holds all of CPython but the command line:
   this is the command line, as Modules/main.c has it. */
#include <Python.h>
#include <dlfcn.h>
#include <unistd.h>

#if PY_VERSION_HEX < 0x03080000
extern int _Py_UnixMain(int, char **);
static int python(int argc, char **argv, char **env) { return _Py_UnixMain(argc, argv); }
#else
static void path0(PyObject *value) {
  PyObject *path = PySys_GetObject("path");
  if (value && path) PyList_Insert(path, 0, value);
  Py_XDECREF(value);
}

static int run(PyConfig *config) {
  PyCompilerFlags flags = {.cf_flags = 0, .cf_feature_version = PY_MINOR_VERSION};
  int code = 0, isolated = config->isolated;
#if PY_VERSION_HEX >= 0x030B0000
  isolated |= config->safe_path;
#endif
  if (config->run_command) {
    PyObject *text = PyUnicode_FromWideChar(config->run_command, -1);
    if (!isolated) path0(PyUnicode_FromString(""));
    code = PyRun_SimpleStringFlags(PyUnicode_AsUTF8(text), &flags) != 0;
  } else if (config->run_module) {
    PyObject *runpy, *main_, *done = NULL;
    if (!isolated) { char here[4096]; path0(PyUnicode_DecodeFSDefault(getcwd(here, sizeof here) ? here : "")); }
    runpy = PyImport_ImportModule("runpy");
    main_ = runpy ? PyObject_GetAttrString(runpy, "_run_module_as_main") : NULL;
    PyObject *name = PyUnicode_FromWideChar(config->run_module, -1);
    done = main_ ? PyObject_CallFunctionObjArgs(main_, name, Py_True, NULL) : NULL;
    if (!done) { PyErr_Print(); code = 1; }
  } else if (config->run_filename) {
    PyObject *bytes = PyUnicode_EncodeFSDefault(PyUnicode_FromWideChar(config->run_filename, -1));
    const char *name = PyBytes_AsString(bytes);
    FILE *file = fopen(name, "rb");
    if (!file) { fprintf(stderr, "can't open file '%s'\n", name); return 2; }
    if (!isolated) {
      char *real = realpath(name, NULL), *end = real ? strrchr(real, '/') : NULL;
      if (end) { *end = 0; path0(PyUnicode_DecodeFSDefault(real)); }
    }
    code = PyRun_AnyFileExFlags(file, name, 1, &flags) != 0;
  } else {
    if (!isolated) path0(PyUnicode_FromString(""));
    code = PyRun_AnyFileExFlags(stdin, "<stdin>", 0, &flags) != 0;
  }
  return code;
}

static int python(int argc, char **argv, char **env) {
  PyConfig config;
  PyConfig_InitPythonConfig(&config);
  PyStatus status = PyConfig_SetBytesArgv(&config, argc, argv);
  if (!PyStatus_Exception(status)) status = PyConfig_Read(&config);
  /* Python 3.8 would read the command line a second time, and take the script for an option. */
  config.parse_argv = 0;
  if (!PyStatus_Exception(status)) status = Py_InitializeFromConfig(&config);
  if (PyStatus_IsExit(status)) return status.exitcode;
  if (PyStatus_Exception(status)) Py_ExitStatusException(status);
  int code = run(&config);
  if (Py_FinalizeEx() < 0) code = 120;
  return code;
}

#endif

typedef int (*Main)(int, char **, char **);
int __libc_start_main(Main main_, int argc, char **argv, void *init, void *fini, void *rtld, void *end) {
  int (*real)(Main, int, char **, void *, void *, void *, void *) = dlsym(RTLD_NEXT, "__libc_start_main");
  unsetenv("LD_PRELOAD");
  return real(python, argc, argv, init, fini, rtld, end);
}
