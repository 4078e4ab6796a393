/* python.exe. In a virtual environment it does what CPython's venvlauncher.exe does: it runs the python.exe of
   the `home` in pyvenv.cfg, and tells it by __PYVENV_LAUNCHER__ where it was started. Elsewhere it runs the DLL
   beside it, as CPython's python.exe does: Py_Main(argc, argv).

   It uses what Windows itself has, and no C library: zig would compile that for half a minute. */
#include <windows.h>
#include <shellapi.h>

typedef int (*Main)(int, wchar_t **);

static wchar_t self[MAX_PATH], folder[MAX_PATH], above[MAX_PATH], home[MAX_PATH], path[MAX_PATH];
static wchar_t line[32768];
static char text[65536];

static void fail(const char *what) {
  DWORD written;
  WriteFile(GetStdHandle(STD_ERROR_HANDLE), what, lstrlenA(what), &written, NULL);
  ExitProcess(101);
}

static const wchar_t *joined(const wchar_t *in, const wchar_t *name) {
  lstrcpynW(path, in, MAX_PATH - 32);
  return lstrcatW(path, name);
}

static void parent(wchar_t *out, const wchar_t *of) {
  lstrcpynW(out, of, MAX_PATH);
  for (int end = lstrlenW(out) - 1; end >= 0; end--)
    if (out[end] == L'\\') {
      out[end] = 0;
      return;
    }
}

/* The value of `home = ...` in the pyvenv.cfg of a folder, in `home`. */
static BOOL read_home(const wchar_t *in) {
  DWORD size = 0;
  HANDLE file = CreateFileW(joined(in, L"\\pyvenv.cfg"), GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
  if (file == INVALID_HANDLE_VALUE) return FALSE;
  if (!ReadFile(file, text, sizeof text - 1, &size, NULL)) size = 0;
  CloseHandle(file);
  text[size] = 0;
  for (char *line = text, *end; *line; line = end) {
    for (end = line; *end && *end != '\n'; end++) {}
    int length = (int)(end - line);
    if (*end) end++;
    if (length < 5 || line[0] != 'h' || line[1] != 'o' || line[2] != 'm' || line[3] != 'e') continue;
    int begin = 4;
    while (begin < length && (line[begin] == ' ' || line[begin] == '=')) begin++;
    while (length > begin && (line[length - 1] == '\r' || line[length - 1] == ' ')) length--;
    int count = MultiByteToWideChar(CP_UTF8, 0, line + begin, length - begin, home, MAX_PATH - 1);
    home[count] = 0;
    return count > 0;
  }
  return FALSE;
}

/* This command line, with another program at its front: CPython finds its own place by that, too. */
static wchar_t *command(const wchar_t *program) {
  const wchar_t *rest = GetCommandLineW();
  BOOL quoted = FALSE;
  for (; *rest && (quoted || (*rest != L' ' && *rest != L'\t')); rest++)
    if (*rest == L'"') quoted = !quoted;
  lstrcpyW(line, L"\"");
  lstrcatW(line, program);
  lstrcatW(line, L"\"");
  if (lstrlenW(rest) < (int)(sizeof line / sizeof *line) - MAX_PATH - 2) lstrcatW(line, rest);
  else fail("python.exe: the command line is too long\r\n");
  return line;
}

void start(void) {
  GetModuleFileNameW(NULL, self, MAX_PATH);
  parent(folder, self);
  parent(above, folder);
  if (read_home(above) || read_home(folder)) {
    static STARTUPINFOW begin;
    PROCESS_INFORMATION child;
    DWORD code = 101;
    SetEnvironmentVariableW(L"__PYVENV_LAUNCHER__", self);
    GetStartupInfoW(&begin);
    const wchar_t *program = joined(home, L"\\python.exe");
    if (!CreateProcessW(program, command(program), NULL, NULL, TRUE, 0, NULL, NULL, &begin, &child))
      fail("python.exe: cannot run the python.exe of `home` in pyvenv.cfg\r\n");
    WaitForSingleObject(child.hProcess, INFINITE);
    GetExitCodeProcess(child.hProcess, &code);
    ExitProcess(code);
  }
  int count;
  wchar_t **words = CommandLineToArgvW(GetCommandLineW(), &count);
  HMODULE library = LoadLibraryExW(joined(folder, L"\\" DLL), NULL, LOAD_WITH_ALTERED_SEARCH_PATH);
  Main run = library ? (Main)GetProcAddress(library, "Py_Main") : NULL;
  if (!run) fail("python.exe: cannot load the DLL of Python beside it\r\n");
  ExitProcess(run(count, words));
}
